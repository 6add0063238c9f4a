//! Children of a process whose network thread is at work. A program of its own: the threads of other tests would be in the libraries, too.

use std::net::ToSocketAddrs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use wp_dynamodb_core::runtime::{Process, look_up, stop};

/// Forks are of the whole process: one test at a time.
static ONE: Mutex<()> = Mutex::new(());

/// How a child ended, which is given so long.
fn fork(child: impl FnOnce() -> i32) -> Result<i32, &'static str> {
    // SAFETY: the child runs `child` and ends, on this thread alone.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        let code = catch_unwind(AssertUnwindSafe(child)).unwrap_or(101);
        // SAFETY: as PHP ends: with what the libraries do at the end of a process.
        unsafe { libc::exit(code) };
    }
    let (mut status, begun) = (0, Instant::now());
    loop {
        // SAFETY: a child of ours, and an integer for its status.
        match unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } {
            0 if begun.elapsed() > Duration::from_secs(20) => {
                // SAFETY: a child of ours that has not been waited for.
                unsafe { libc::kill(pid, libc::SIGKILL) };
                // SAFETY: as above.
                unsafe { libc::waitpid(pid, &raw mut status, 0) };
                return Err("it hung");
            }
            0 => std::thread::sleep(Duration::from_millis(1)),
            _ if libc::WIFEXITED(status) => return Ok(libc::WEXITSTATUS(status)),
            _ => return Err("it was killed"),
        }
    }
}

#[test]
fn a_fork_finds_the_thread_between_two_steps() {
    let _one = ONE.lock();
    let (at_work, step) = (Arc::new(AtomicBool::new(false)), Duration::from_millis(3));
    let tells = Arc::clone(&at_work);
    let process = Process::current().expect("a runtime");
    let work = process.spawn(async move {
        loop {
            tells.store(true, Ordering::SeqCst);
            std::thread::sleep(step);
            tells.store(false, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    });
    for number in 0..30 {
        assert_eq!(fork(|| at_work.load(Ordering::SeqCst).into()), Ok(0), "child {number}");
        // It goes on.
        assert!(process.wait(Duration::from_secs(5), async {}).is_ok());
    }
    work.abort();
}

/// Without [`stop`], as a child ends that PHP did not shut down. The lock of a thread that it does not have is not held.
#[test]
fn a_child_of_a_process_that_makes_random_numbers_ends() {
    let _one = ONE.lock();
    let process = Process::current().expect("a runtime");
    let work = process.spawn(async {
        let mut noise = vec![0; 60_000];
        loop {
            aws_lc_rs::rand::fill(&mut noise).expect("noise");
            tokio::task::yield_now().await;
        }
    });
    for number in 0..20 {
        assert_eq!(fork(|| 0), Ok(0), "child {number}");
        // With a thread of its own.
        let child = || {
            let process = Process::current().expect("a runtime");
            let noise = process.wait(Duration::from_secs(10), async { aws_lc_rs::rand::fill(&mut [0; 8]).is_ok() });
            stop();
            if noise.is_ok_and(|made| made) { 0 } else { 1 }
        };
        assert_eq!(fork(child), Ok(0), "child {number} with a thread");
    }
    work.abort();
}

#[test]
fn a_thread_that_does_not_come_to_a_stand_holds_up_no_fork_for_long() {
    let _one = ONE.lock();
    let process = Process::current().expect("a runtime");
    let (goes_on, end) = std::sync::mpsc::channel::<()>();
    process.spawn(async move {
        let _ = end.recv();
    });
    let begun = Instant::now();
    assert_eq!(fork(|| 0), Ok(0));
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(goes_on);
    assert!(process.wait(Duration::from_secs(5), async {}).is_ok(), "and is as it was");
}

#[test]
fn a_fork_finds_no_name_being_looked_up() {
    let _one = ONE.lock();
    Process::current().expect("a runtime");
    let (running, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    look_up(|| {
                        running.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(2));
                        running.fetch_sub(1, Ordering::SeqCst);
                    });
                    std::thread::sleep(Duration::from_millis(2));
                }
            });
        }
        let ended = catch_unwind(AssertUnwindSafe(|| {
            for number in 0..30 {
                let begun = Instant::now();
                let child = || {
                    // A machine under load may not let them end in the time that a fork has for them.
                    let in_time = begun.elapsed() < Duration::from_millis(40);
                    // Comes back, whatever it has found.
                    let _ = look_up(|| ("localhost", 0).to_socket_addrs());
                    if running.load(Ordering::SeqCst) > 0 && in_time { 1 } else { 0 }
                };
                assert_eq!(fork(child), Ok(0), "child {number}");
            }
        }));
        over.store(true, Ordering::SeqCst);
        ended.expect("all children");
    });
}

#[test]
fn a_look_up_that_hangs_holds_up_no_fork_for_long() {
    let _one = ONE.lock();
    Process::current().expect("a runtime");
    let (goes_on, end) = std::sync::mpsc::channel::<()>();
    let (hangs, hanging) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            look_up(|| {
                let _ = hangs.send(());
                let _ = end.recv();
            });
        });
        hanging.recv().expect("it has begun");
        let begun = Instant::now();
        assert_eq!(fork(|| look_up(|| 0)), Ok(0));
        assert!(begun.elapsed() < Duration::from_secs(10));
        drop(goes_on);
    });
}

#[test]
fn a_thread_at_work_is_not_in_the_way_of_the_end() {
    let _one = ONE.lock();
    let child = || {
        let process = Process::current().expect("a runtime");
        for _ in 0..4 {
            process.spawn(async {
                loop {
                    let _ = aws_lc_rs::rand::fill(&mut [0; 1000]);
                    tokio::task::yield_now().await;
                }
            });
        }
        stop();
        0
    };
    for number in 0..20 {
        assert_eq!(fork(child), Ok(0), "child {number}");
    }
}

/// Apache's master, which is reloaded.
#[test]
fn a_process_that_goes_on_after_all_makes_another_thread() {
    let _one = ONE.lock();
    let child = || {
        Process::current().expect("a runtime");
        stop();
        stop();
        let begun = Instant::now();
        let grandchild = fork(|| 0) == Ok(0) && begun.elapsed() < Duration::from_millis(900);
        let answer = Process::current().expect("a runtime").wait(Duration::from_secs(10), async {});
        if grandchild && answer.is_ok() { 0 } else { 1 }
    };
    assert_eq!(fork(child), Ok(0));
}
