// SPDX-License-Identifier: Apache-2.0
//
// Runs every case against one server with Apache's Go client, several at a time.
// Prints "PASS name ms" or "FAIL name cause" for each, and "N passed, M failed" last.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

type testCase func(t *ctx)

// Every group of cases; a case's name is a sentence.
var groups = []map[string]testCase{pushCases, sendCases, pullCases, adminCases}

const caseLimit = 90 * time.Second

// contains says whether the name contains one of "a,b,c".
func contains(name, parts string) bool {
	for _, part := range strings.Split(parts, ",") {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// failure is what a check throws; anything else that a case throws is a defect of the case.
type failure string

func runCase(s *server, name string, run testCase) (cause string) {
	t := &ctx{server: s, name: name}
	done := make(chan string, 1)
	go func() {
		defer func() {
			switch thrown := recover().(type) {
			case nil:
				done <- ""
			case failure:
				done <- string(thrown)
			default:
				done <- fmt.Sprintf("panic: %v", thrown)
			}
		}()
		run(t)
	}()
	select {
	case cause = <-done:
	case <-time.After(caseLimit):
		cause = fmt.Sprintf("still not done after %v", caseLimit)
	}
	t.close()
	return strings.ReplaceAll(cause, "\n", " | ")
}

func main() {
	namesrv := flag.String("namesrv", "", "HOST:PORT of the name server")
	only := flag.String("only", "", "cases whose name contains this (or one of a,b,c)")
	except := flag.String("except", "", "leave out this case (or a,b,c)")
	jobs := flag.Int("jobs", 8, "cases at a time")
	flag.Parse()
	rlog.SetLogLevel("error")
	rlog.SetOutputPath("client.log")
	s, err := connect(*namesrv)
	if err != nil {
		fmt.Println("FAIL start", err)
		fmt.Println("0 passed, 1 failed")
		os.Exit(1)
	}
	passed, failed := runAll(s, *only, *except, *jobs)
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
	os.Exit(0) // what the clients leave running need not end
}

func runAll(s *server, only, except string, jobs int) (passed, failed int) {
	slots := make(chan struct{}, jobs)
	var all sync.WaitGroup
	var printing sync.Mutex
	for _, group := range groups {
		names := []string{}
		for name := range group {
			if contains(name, only) && (except == "" || !contains(name, except)) {
				names = append(names, name)
			}
		}
		sort.Strings(names)
		for _, name := range names {
			slots <- struct{}{}
			all.Add(1)
			go func(name string, run testCase) {
				defer all.Done()
				start := time.Now()
				cause := runCase(s, name, run)
				printing.Lock()
				if cause == "" {
					passed++
					fmt.Printf("PASS %s %d ms\n", name, time.Since(start).Milliseconds())
				} else {
					failed++
					fmt.Printf("FAIL %s %s\n", name, cause)
				}
				printing.Unlock()
				<-slots
			}(name, group[name])
		}
	}
	all.Wait()
	return passed, failed
}
