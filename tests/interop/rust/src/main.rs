// SPDX-License-Identifier: Apache-2.0
//
// Runs every case against one server with the Rust client, several at a time.
// Prints "PASS name ms" or "FAIL name cause" for each, and "N passed, M failed" last.

mod admin_cases;
mod consume_cases;
mod ctx;
mod later_cases;
mod send_cases;
mod server;
mod sink;
mod transaction_cases;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ctx::{Ctx, Outcome};
use server::Server;

/// A case's name is a sentence.
pub type Case = (&'static str, fn(&Ctx) -> Outcome);

/// What waits longest begins first.
const GROUPS: [&[Case]; 5] = [
    transaction_cases::CASES,
    later_cases::CASES,
    consume_cases::CASES,
    send_cases::CASES,
    admin_cases::CASES,
];
const CASE_LIMIT: Duration = Duration::from_secs(100);

#[derive(Default)]
struct Options {
    namesrv: String,
    only: String,
    except: String,
    jobs: usize,
}

fn options() -> Options {
    let mut told = Options { jobs: 8, ..Options::default() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match word.as_str() {
            "--namesrv" => told.namesrv = value,
            "--only" => told.only = value,
            "--except" => told.except = value,
            "--jobs" => told.jobs = value.parse().expect("--jobs NUMBER"),
            _ => panic!("no option {word}"),
        }
    }
    told
}

/// Whether the name contains one of "a,b,c".
fn contains(name: &str, parts: &str) -> bool {
    parts.split(',').any(|part| name.contains(part))
}

/// A panic is a defect of the case or of the client; its text is on stderr.
fn run_case(server: &Arc<Server>, case: Case) -> Outcome {
    let (done, outcome) = mpsc::channel();
    let t = Ctx::new(server.clone());
    thread::spawn(move || {
        let result = case.1(&t);
        t.close();
        let _ = done.send(result);
    });
    match outcome.recv_timeout(CASE_LIMIT) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(format!("still not done after {CASE_LIMIT:?}")),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err("it panicked".to_string()),
    }
}

fn run_all(server: &Arc<Server>, told: &Options) -> (usize, usize) {
    let chosen = |name: &str| contains(name, &told.only) && (told.except.is_empty() || !contains(name, &told.except));
    let cases: Vec<Case> = GROUPS.iter().flat_map(|group| group.iter().copied()).filter(|case| chosen(case.0)).collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..told.jobs.min(cases.len()) {
            scope.spawn(|| {
                while let Some(&case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let start = Instant::now();
                    match run_case(server, case) {
                        Ok(()) => println!("PASS {} {} ms", case.0, start.elapsed().as_millis()),
                        Err(cause) => {
                            failed.fetch_add(1, Ordering::SeqCst);
                            println!("FAIL {} {}", case.0, cause.replace('\n', " | "));
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    (cases.len() - failed, failed)
}

fn main() {
    let told = options();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(server::log_level()).with_ansi(false).init();
    let (passed, failed) = match Server::connect(&told.namesrv) {
        Ok(server) => run_all(&Arc::new(server), &told),
        Err(cause) => {
            println!("FAIL start {}", cause.replace('\n', " | "));
            (0, 1)
        }
    };
    println!("{passed} passed, {failed} failed");
    // What the clients leave running need not end.
    std::process::exit(if failed > 0 || passed == 0 { 1 } else { 0 });
}
