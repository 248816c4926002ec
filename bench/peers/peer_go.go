// SPDX-License-Identifier: MIT

// peer_go does the jobs of the experiment with Go's net/http, on -c goroutines.
//
//	go build -o build/peer_go bench/peers/peer_go.go
//	build/peer_go -c 100 http://127.0.0.1:8080             the tickets of 100 days
//	build/peer_go --hold -c 10000 http://127.0.0.1:8080    one GET /hold?n=10000 each
//	build/peer_go --load -c 100 -n 100000 [--close] URL    GETs of one URL
//
// What the job is, and how its checksum comes about, is written in bench/tickets.h.
package main

import (
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	firstDay = 17603 // 13.03.18, in days since 1970
	from     = "10203"
	to       = "10317"
)

var (
	element = regexp.MustCompile(`(?s)class="select-line"[^>]*>(.*?)</a>`)
	tag     = regexp.MustCompile(`<[^>]*>`)
)

// tickets is what is known of one day, or of all of them together.
type tickets struct {
	date     string
	checksum uint32
	days     int
	count    int
	cheapest int
	sum      int
}

// options is the command line.
type options struct {
	width int
	days  int
	total int
	quiet bool
	hold  bool
	wait  bool
	load  bool
	shut  bool
	url   string
}

func (t *tickets) add(day tickets) {
	if t.count == 0 || day.cheapest < t.cheapest {
		t.cheapest = day.cheapest
	}
	t.checksum += day.checksum
	t.days += day.days
	t.count += day.count
	t.sum += day.sum
}

func (t *tickets) take(line string) error {
	var departs, arrives string
	var seats, price int
	words := strings.Join(strings.Fields(tag.ReplaceAllString(line, " ")), " ")
	got, err := fmt.Sscanf(words, "%s &ndash; %s %d free %d CZK", &departs, &arrives, &seats, &price)
	if err != nil || got != 4 || len(departs) != 5 || len(arrives) != 5 {
		return errors.New("a connection is not times, seats and price")
	}
	text := fmt.Sprintf("%s %s %d %d\n", departs, arrives, seats, price)
	t.checksum = crc32.Update(t.checksum, crc32.IEEETable, []byte(text))
	if t.count == 0 || price < t.cheapest {
		t.cheapest = price
	}
	t.count++
	t.sum += price
	return nil
}

// readPage cuts the connections out of a page, and checks that it is the whole page of this date.
func readPage(page string, date string) (tickets, error) {
	day := tickets{date: date, days: 1, checksum: crc32.ChecksumIEEE([]byte(date + "\n"))}
	for _, line := range element.FindAllStringSubmatch(page, -1) {
		if err := day.take(line[1]); err != nil {
			return day, err
		}
	}
	found := fmt.Sprintf(`<p class="found">%d connections %s-%s on %s</p>`, day.count, from, to, date)
	if day.count == 0 || !strings.Contains(page, found) || !strings.HasSuffix(page, "</html>\n") {
		return day, errors.New("not the page that was asked for, or connections are missing")
	}
	return day, nil
}

// content reads a response to its end.
func content(response *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	bytes, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != 200 {
		err = errors.New(response.Status)
	}
	return string(bytes), err
}

// findDay takes the two steps of a day: a new session each, on shared connections.
func findDay(transport *http.Transport, server string, date string) (tickets, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return tickets{}, err
	}
	client := http.Client{Transport: transport, Jar: jar}
	if _, err = content(client.Get(server + "/m/")); err != nil {
		return tickets{}, fmt.Errorf("%s, /m/: %w", date, err)
	}
	form := url.Values{"fromStation": {from}, "toStation": {to}, "departure": {date}}
	page, err := content(client.PostForm(server+"/m/search", form))
	if err != nil {
		return tickets{}, fmt.Errorf("%s, /m/search: %w", date, err)
	}
	day, err := readPage(page, date)
	if err != nil {
		return day, fmt.Errorf("%s: %w", date, err)
	}
	return day, nil
}

// get fetches one page of the plateau or of the load.
func get(transport *http.Transport, o *options) (int, error) {
	address := o.url
	if o.hold {
		address = fmt.Sprintf("%s/hold?n=%d", o.url, o.width)
	}
	client := http.Client{Transport: transport}
	page, err := content(client.Get(address))
	if err == nil && o.hold && len(page) != 100 {
		err = errors.New("/hold: not a hundred bytes")
	}
	return len(page), err
}

// result is what one piece of work came to.
type result struct {
	day   tickets
	bytes int
	err   error
}

// work does pieces of work as they come.
func work(o *options, transport *http.Transport, items <-chan int, results chan<- result) {
	for item := range items {
		var r result
		if o.hold || o.load {
			r.bytes, r.err = get(transport, o)
		} else {
			date := time.Unix((firstDay+int64(item))*86400, 0).UTC().Format("02.01.06")
			r.day, r.err = findDay(transport, o.url, date)
		}
		results <- r
	}
}

// run starts the goroutines, and takes what they find as it comes.
func run(o *options) (total tickets, bytes int, err error) {
	transport := &http.Transport{
		MaxIdleConns:        o.width,
		MaxIdleConnsPerHost: o.width,
		DisableKeepAlives:   o.shut,
		DisableCompression:  true,
	}
	items := make(chan int)
	results := make(chan result)
	var workers sync.WaitGroup
	for i := 0; i < o.width && i < o.total; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			work(o, transport, items, results)
		}()
	}
	go func() {
		for item := 0; item < o.total; item++ {
			items <- item
		}
		close(items)
		workers.Wait()
		close(results)
	}()
	for r := range results {
		if r.err != nil {
			return total, bytes, r.err
		}
		if !o.quiet && !o.hold && !o.load {
			fmt.Printf("%s  %d connections  cheapest %d  mean %.2f\n", r.day.date, r.day.count,
				r.day.cheapest, mean(r.day))
		}
		total.add(r.day)
		bytes += r.bytes
	}
	return total, bytes, nil
}

// parse reads the command line.
func parse() (*options, error) {
	o := &options{}
	flag.IntVar(&o.width, "c", 100, "in flight")
	flag.IntVar(&o.days, "days", 100, "days")
	flag.IntVar(&o.total, "n", 100, "requests, with --load")
	flag.BoolVar(&o.quiet, "q", false, "the last line only")
	flag.BoolVar(&o.hold, "hold", false, "one GET /hold?n=N for each of -c N")
	flag.BoolVar(&o.wait, "w", false, "say ready, and wait for a line before the first request")
	flag.BoolVar(&o.load, "load", false, "GETs of one URL")
	flag.BoolVar(&o.shut, "close", false, "a connection each, with --load")
	flag.Parse()
	if flag.NArg() != 1 || o.width < 1 || o.days < 0 || o.total < 1 || (o.hold && o.load) {
		return o, errors.New("usage: peer_go [-c N] [--days N] [-q] [--hold [-w] | --load] URL")
	}
	o.url = flag.Arg(0)
	if o.hold {
		o.total = o.width
	} else if !o.load {
		o.total = o.days
	}
	if !o.load {
		o.url = strings.TrimSuffix(o.url, "/")
	}
	return o, nil
}

func seconds(t syscall.Timeval) float64 {
	return float64(t.Sec) + float64(t.Usec)/1e6
}

func mean(t tickets) float64 {
	if t.count == 0 {
		return 0
	}
	return float64(t.sum) / float64(t.count)
}

func report(o *options, total tickets, bytes int, took float64) {
	if o.hold {
		fmt.Printf("held %d  bytes %d\n", o.total, bytes)
	} else if o.load {
		var used syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // cannot fail with these arguments
		fmt.Printf("requests %d  bytes %d  seconds %.3f  rate %.0f  user %.3f  system %.3f\n",
			o.total, bytes, took, float64(o.total)/took, seconds(used.Utime), seconds(used.Stime))
	} else {
		fmt.Printf("checksum %08X  days %d  connections %d  cheapest %d  mean %.2f\n",
			total.checksum, total.days, total.count, total.cheapest,
			mean(total))
	}
}

func main() {
	o, err := parse()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var limit syscall.Rlimit
	if err = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		limit.Cur = limit.Max
		err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer_go: the limit of descriptors stays as it is:", err)
	}
	if o.wait {
		fmt.Println("ready")
		if _, err = os.Stdin.Read(make([]byte, 8)); err != nil {
			fmt.Fprintln(os.Stderr, "peer_go: -w, and nobody says go:", err)
			os.Exit(1)
		}
	}
	began := time.Now()
	total, bytes, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer_go:", err)
		os.Exit(1)
	}
	report(o, total, bytes, time.Since(began).Seconds())
}
