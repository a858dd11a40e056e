"""Has so many tasks done by themselves, in chains and in groups, and checks every result."""

import sys

from celery import chain, group

from tasks import add

EACH = int(sys.argv[1]) // 6


def check(what, asked, expected):
    got = [result.get(timeout=200) for result in asked]
    assert got == expected, f"{what}: {got}"
    print("ok", what, flush=True)


singles = [add.delay(i, i) for i in range(EACH * 2)]
chains = [chain(add.s(i, 1), add.s(2))() for i in range(EACH)]
groups = [group(add.s(i, j) for j in range(2))() for i in range(EACH)]
print("sent", flush=True)
check("singles", singles, [2 * i for i in range(EACH * 2)])
check("chains", chains, [i + 3 for i in range(EACH)])
check("groups", groups, [[i, i + 1] for i in range(EACH)])
