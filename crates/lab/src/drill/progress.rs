//! The live line; plain lines when the output is no terminal.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use super::record::{Outcome, Record, SLOW_MS, percentile};
use super::timeline::{Clock, Timeline};
use super::watch::Seen;

const LIVE: Duration = Duration::from_millis(500);
const PLAIN: Duration = Duration::from_secs(10);
/// What the line's rate and percentiles are of.
const WINDOW_MS: u64 = 2000;

/// Tells how a run goes, on standard error.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    live: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { live: std::io::stderr().is_terminal() }
    }
}

impl Progress {
    /// A line that stays.
    pub fn tell(&self, line: &str) {
        let clear = if self.live { "\r\x1b[K" } else { "" };
        eprintln!("{clear}{line}");
    }

    /// Shows a drill's state for ever.
    pub async fn show(&self, name: &str, timeline: Timeline, clock: Clock, record: &RefCell<Record>, seen: &RefCell<Seen>, hosts: usize) {
        let mut ticks = tokio::time::interval(if self.live { LIVE } else { PLAIN });
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let line = line(name, timeline, clock.now_ms(), &record.borrow(), &seen.borrow(), hosts);
            if self.live {
                eprint!("\r\x1b[K{line}");
                // Nothing is lost when the terminal has gone.
                let _ = std::io::stderr().flush();
            } else {
                eprintln!("{line}");
            }
        }
    }
}

fn line(name: &str, timeline: Timeline, now_ms: u64, record: &Record, seen: &Seen, hosts: usize) -> String {
    let recent = record.samples.iter().rev().take_while(|sample| sample.ended_ms() + WINDOW_MS > now_ms);
    let mut latencies: Vec<f32> = recent.map(|sample| sample.latency_ms).collect();
    let (p50, p99) = (percentile(&mut latencies, 0.5), percentile(&mut latencies, 0.99));
    let rate = latencies.len() as f64 / (WINDOW_MS as f64 / 1000.0);
    let count = |outcome| record.samples.iter().filter(|sample| sample.outcome == outcome).count();
    let slow = record.samples.iter().filter(|sample| sample.latency_ms > SLOW_MS).count();
    let routes: Vec<&str> = (0..hosts).map(|host| seen.now(host).map_or("?", |state| state.route.as_str())).collect();
    format!(
        "{name:<18} {:<6} {:>4.0} s  {rate:>5.1}/s  failed {}  slow {slow}  lost {}  stale {}  p50 {p50:.0} p99 {p99:.0} ms  route {}",
        timeline.phase(now_ms).name(),
        now_ms as f64 / 1000.0,
        count(Outcome::Failed),
        count(Outcome::Lost),
        count(Outcome::Stale),
        routes.join(" "),
    )
}
