"""Tasks of Celery that write down that they were done."""

import os

from celery import Celery

app = Celery("tasks", broker=os.environ["BROKERS"], backend="rpc://")
app.conf.update(
    # A task that a killed worker had is done by another.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # What a node has not confirmed dies with it.
    broker_transport_options={"confirm_publish": True},
)


@app.task(bind=True, max_retries=5)
def add(self, left, right):
    """Some are done at the second or third attempt."""
    if self.request.retries < left % 3:
        raise self.retry(countdown=0)
    with open(os.environ["LEDGER"], "a", encoding="ascii") as ledger:
        ledger.write(f"{self.request.id}\n")
    return left + right
