// A publisher and a consumer that connect again, at any broker, when theirs is gone.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const failoverQueue = "failover"

// What was published and seen, by id.
type books struct {
	sync.Mutex
	attempts  map[string]int
	confirmed map[string]bool
	seen      map[string]int
	unflagged int
}

func (b *books) delivered(id string, isRedelivered bool) {
	b.Lock()
	defer b.Unlock()
	// Who publishes again after a failure may have published twice.
	if b.seen[id] > 0 && !isRedelivered && b.attempts[id] == 1 {
		b.unflagged++
	}
	b.seen[id]++
}

func (b *books) missing() int {
	b.Lock()
	defer b.Unlock()
	count := 0
	for id := range b.confirmed {
		if b.seen[id] == 0 {
			count++
		}
	}
	return count
}

// A channel at the first broker that lets one in.
func reach(urls []string) (*amqp.Connection, *amqp.Channel) {
	for attempt := 0; ; attempt++ {
		connection, err := amqp.Dial(urls[attempt%len(urls)])
		if err == nil {
			channel, err := connection.Channel()
			if err == nil {
				return connection, channel
			}
			connection.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (b *books) consume(urls []string) {
	for {
		connection, channel := reach(urls)
		if channel.Qos(20, 0, false) == nil {
			messages, err := channel.Consume(failoverQueue, "", false, false, false, false, nil)
			if err == nil {
				for message := range messages {
					b.delivered(string(message.Body), message.Redelivered)
					message.Ack(false)
				}
			}
		}
		connection.Close()
	}
}

// Publishes one after the other until it is said to stop, each until it is confirmed.
func (b *books) publish(urls []string, isEnough func(confirmed int) bool) {
	var connection *amqp.Connection
	var channel *amqp.Channel
	var confirms chan amqp.Confirmation
	for i := 0; !isEnough(i); i++ {
		id := fmt.Sprint(i)
		for isConfirmed := false; !isConfirmed; {
			if channel == nil {
				connection, channel = reach(urls)
				if channel.Confirm(false) != nil {
					connection.Close()
					channel = nil
					continue
				}
				confirms = confirmsOf(channel)
			}
			b.Lock()
			b.attempts[id]++
			b.Unlock()
			message := amqp.Publishing{Body: []byte(id), DeliveryMode: amqp.Persistent}
			err := channel.Publish("", failoverQueue, false, false, message)
			if err == nil && (<-confirms).Ack {
				isConfirmed = true
			} else {
				connection.Close()
				channel = nil
			}
		}
		b.Lock()
		b.confirmed[id] = true
		b.Unlock()
	}
}

// Says `running`, is told when a broker was killed, and goes on for a while.
func survive(urls []string) {
	b := &books{
		attempts:  map[string]int{},
		confirmed: map[string]bool{},
		seen:      map[string]int{},
	}
	killed := make(chan bool)
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		close(killed)
	}()
	go b.consume(urls)
	target := 0
	b.publish(urls, func(confirmed int) bool {
		if confirmed == 50 {
			fmt.Println("running")
		}
		select {
		case <-killed:
			if target == 0 {
				target = confirmed + 50
			}
		default:
		}
		return target > 0 && confirmed >= target
	})
	deadline := time.Now().Add(60 * time.Second)
	for b.missing() > 0 && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	report, err := json.Marshal(map[string]int{
		"confirmed": len(b.confirmed),
		"missing":   b.missing(),
		"unflagged": b.unflagged,
	})
	must(err)
	fmt.Printf("report %s\n", report)
}
