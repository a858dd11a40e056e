// What people do with amqp091-go, against the brokers whose URLs are given: a line for each thing
// that works, and an end at the first that does not.
package main

import (
	"fmt"
	"log"
	"os"

	amqp "github.com/rabbitmq/amqp091-go"
)

func must(err error) {
	if err != nil {
		log.Panic(err)
	}
}

func check(isTrue bool, format string, values ...interface{}) {
	if !isTrue {
		log.Panicf(format, values...)
	}
}

func works(what string) {
	fmt.Println("ok", what)
}

func open(url string) (*amqp.Connection, *amqp.Channel) {
	connection, err := amqp.Dial(url)
	must(err)
	channel, err := connection.Channel()
	must(err)
	return connection, channel
}

func declare(channel *amqp.Channel, queue string) {
	_, err := channel.QueueDeclare(queue, true, false, false, false, nil)
	must(err)
}

// Messages that are ready, as a connection of its own is told.
func ready(url string, queue string) int {
	connection, channel := open(url)
	defer connection.Close()
	state, err := channel.QueueDeclarePassive(queue, true, false, false, false, nil)
	must(err)
	return state.Messages
}

// Closed with the channel. Of a deferred confirm the library takes note only after it has published:
// a confirm that is faster is dropped, and whoever waits for it waits for ever. There is room for
// those that nobody reads, which would hold up all else.
func confirmsOf(channel *amqp.Channel) chan amqp.Confirmation {
	return channel.NotifyPublish(make(chan amqp.Confirmation, 100))
}

func confirms(url string, channel *amqp.Channel) {
	declare(channel, "go-jobs")
	must(channel.Confirm(false))
	confirms := confirmsOf(channel)
	returns := channel.NotifyReturn(make(chan amqp.Return, 1))
	for i := 0; i < 10; i++ {
		message := amqp.Publishing{Body: []byte(fmt.Sprint(i)), DeliveryMode: amqp.Persistent}
		must(channel.Publish("", "go-jobs", true, false, message))
		check((<-confirms).Ack, "message %d was not confirmed", i)
	}
	lost := amqp.Publishing{Body: []byte("lost")}
	must(channel.Publish("", "go-nowhere", true, false, lost))
	returned := <-returns
	check(string(returned.Body) == "lost", "returned: %s", returned.Body)
	check((<-confirms).Ack, "what was returned was not confirmed")
	check(ready(url, "go-jobs") == 10, "the queue does not hold 10")
	works("confirms")
}

func prefetchAndNack(url string, channel *amqp.Channel) {
	must(channel.Qos(3, 0, false))
	messages, err := channel.Consume("go-jobs", "worker", false, false, false, false, nil)
	must(err)
	held := []amqp.Delivery{<-messages, <-messages, <-messages}
	check(ready(url, "go-jobs") == 7, "3 of 10 were not handed out")
	works("prefetch")
	must(held[1].Nack(false, true))
	must(held[0].Ack(false))
	must(held[2].Ack(false))
	// Seven that are new, in their order, and somewhere among them what was given back.
	next, again := 3, ""
	for next < 10 || again == "" {
		message := <-messages
		if message.Redelivered {
			again += string(message.Body)
			count, isLong := message.Headers["x-delivery-count"].(int64)
			check(isLong && count == 1, "headers: %v", message.Headers)
		} else {
			check(string(message.Body) == fmt.Sprint(next), "%s, not %d", message.Body, next)
			next++
		}
		must(message.Ack(false))
	}
	check(again == "1", "flagged: %s", again)
	must(channel.Cancel("worker", false))
	works("nack")
}

func get(channel *amqp.Channel) {
	_, isThere, err := channel.Get("go-jobs", false)
	must(err)
	check(!isThere, "something was left, or came again")
	message := amqp.Publishing{Body: []byte("x"), Headers: amqp.Table{"n": int32(7)}}
	must(channel.Publish("", "go-jobs", false, false, message))
	got, isThere, err := channel.Get("go-jobs", false)
	must(err)
	check(isThere && string(got.Body) == "x", "get does not see what was published before")
	check(got.Headers["n"] == int32(7), "headers: %v", got.Headers)
	must(got.Ack(false))
	works("get")
}

func answer(url string) {
	_, channel := open(url)
	declare(channel, "go-questions")
	questions, err := channel.Consume("go-questions", "", false, false, false, false, nil)
	must(err)
	go func() {
		for question := range questions {
			reply := amqp.Publishing{
				CorrelationId: question.CorrelationId,
				Body:          append([]byte("re: "), question.Body...),
			}
			must(channel.Publish("", question.ReplyTo, false, false, reply))
			must(question.Ack(false))
		}
	}()
}

func call(channel *amqp.Channel) {
	const direct = "amq.rabbitmq.reply-to"
	replies, err := channel.Consume(direct, "", true, false, false, false, nil)
	must(err)
	for i := 0; i < 5; i++ {
		id := fmt.Sprint(i)
		question := amqp.Publishing{CorrelationId: id, ReplyTo: direct, Body: []byte(id)}
		must(channel.Publish("", "go-questions", true, false, question))
		reply := <-replies
		check(reply.CorrelationId == id, "a reply to %s, not %s", reply.CorrelationId, id)
		check(string(reply.Body) == "re: "+id, "reply: %s", reply.Body)
	}
	works("rpc")
}

func main() {
	urls := os.Args[1:]
	connection, channel := open(urls[0])
	confirms(urls[0], channel)
	prefetchAndNack(urls[0], channel)
	get(channel)
	answer(urls[1])
	call(channel)
	must(connection.Close())
	survive(urls)
}
