// Works off the queue `my_queue` until it is told to end.
package main

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/streadway/amqp"
)

func main() {
	connection, err := amqp.Dial(os.Getenv("AMQP_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()

	channel, err := connection.Channel()
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	_, err = channel.QueueDeclare("my_queue", true, false, false, false, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err = channel.Qos(1, 0, false); err != nil {
		log.Fatal(err)
	}
	messages, err := channel.Consume("my_queue", "worker", false, false, false, false, nil)
	if err != nil {
		log.Fatal(err)
	}

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)

	for {
		select {
		case message := <-messages:
			fmt.Printf("Got %s\n", message.Body)
			message.Ack(false)
		case <-signals:
			if err = channel.Cancel("worker", false); err != nil {
				log.Fatal(err)
			}
			fmt.Println("Bye")
			return
		}
	}
}
