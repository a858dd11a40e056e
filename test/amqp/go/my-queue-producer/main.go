// Sends its arguments to the queue `my_queue`.
package main

import (
	"fmt"
	"log"
	"os"

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

	queue, err := channel.QueueDeclare("my_queue", true, false, false, false, nil)
	if err != nil {
		log.Fatal(err)
	}

	for _, text := range os.Args[1:] {
		err = channel.Publish("", queue.Name, false, false, amqp.Publishing{
			DeliveryMode: amqp.Persistent,
			ContentType:  "text/plain",
			Body:         []byte(text),
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("Sent")
}
