//! Reads the source segment by segment and writes what is to be copied, no faster than it may.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use indicatif::ProgressBar;
use serde::Serialize;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::store::dynamo::{from_aws, to_aws};
use wp_dynamodb_core::store::items::Expression;
use wp_dynamodb_core::store::{Item, Key, Update};
use wp_dynamodb_core::{Error, Kind, Region};

use super::layout::{Layouts, Outcome, Wanted};
use crate::ctl::args::Import;

/// Items of one page of the scan.
const PAGE: i32 = 200;
/// So many writes are under way together at the most.
const TOGETHER: usize = 25;
/// So long a table that throttles is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has been done so far.
#[derive(Debug, Default, Serialize)]
pub(super) struct Counts {
    /// Items of the source.
    pub read: u64,
    /// Sessions that were written, or would be.
    pub copied: u64,
    /// Sessions whose place is taken: by the same one, or by one that a host has written.
    pub kept: u64,
    /// Expired, or without an expiry.
    pub expired: u64,
    /// Expire too early to have been written since the earlier run.
    pub earlier: u64,
    /// Of another session name or layout.
    pub others: u64,
    /// Could not be copied.
    pub refused: u64,
    /// Segments that are done: where the next run would begin.
    pub segment: i32,
    /// What `--expires-after` of the next run should be: what is written from now on expires later.
    pub expires_after: i64,
}

/// From where to where, and how.
pub(super) struct Copy<'a> {
    pub source: &'a Client,
    pub target: &'a Client,
    pub flags: &'a Import,
    pub layouts: &'a Layouts,
    pub from: &'a Region,
    pub to: &'a Region,
}

impl Copy<'_> {
    /// All segments. What has been counted is right also when it fails.
    pub(super) async fn run(&self, counts: &mut Counts) -> Result<(), String> {
        let bar = ProgressBar::new_spinner();
        let mut pace = Pace { started: Instant::now(), done: 0, rate: self.flags.rate };
        counts.segment = self.flags.from_segment;
        let mut latest = 0;
        while counts.segment < self.flags.segments {
            let mut from = None;
            loop {
                let (page, next) = self.page(counts.segment, from).await?;
                latest = latest.max(self.write(page, counts, &mut pace).await?);
                bar.set_message(format!(
                    "segment {} of {}: {} read, {} copied, {} left",
                    counts.segment + 1,
                    self.flags.segments,
                    counts.read,
                    counts.copied,
                    counts.kept
                ));
                bar.tick();
                from = next;
                if from.is_none() {
                    break;
                }
            }
            counts.segment += 1;
        }
        bar.finish_and_clear();
        // The last one may have been written at the very end of this run; one that was written before the run expires earlier by as much.
        let took = i64::try_from(pace.started.elapsed().as_secs()).unwrap_or_default() + 1;
        counts.expires_after = (latest - took).max(0);
        Ok(())
    }

    async fn page(&self, segment: i32, from: Option<Raw>) -> Result<(Vec<Raw>, Option<Raw>), String> {
        let table = &self.flags.from_table;
        let scan = || {
            let scan = self.source.scan().table_name(table).consistent_read(true).limit(PAGE);
            scan.segment(segment).total_segments(self.flags.segments).set_exclusive_start_key(from.clone()).send()
        };
        let answer = patiently(|| async { scan().await.map_err(translate) }).await;
        let page = answer.map_err(|e| format!("Scan of table {table} in {}: {}", self.from, e.cause))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }

    /// Gives the latest expiry of the page's sessions.
    async fn write(&self, page: Vec<Raw>, counts: &mut Counts, pace: &mut Pace) -> Result<i64, String> {
        let now_ms = now_ms();
        let (mut wanted, mut latest, mut waits) = (Vec::new(), 0, page.len());
        for raw in page {
            counts.read += 1;
            let key = raw.get(&self.flags.from_hash_key).and_then(|k| k.as_s().ok()).cloned().unwrap_or_default();
            let item: Item = raw.into_iter().map(|(name, value)| (name, from_aws(value))).collect();
            match self.layouts.read(&key, &item, now_ms) {
                Outcome::Write(session) => {
                    latest = latest.max(session.expires);
                    if session.expires > self.flags.expires_after { wanted.push(*session) } else { counts.earlier += 1 }
                }
                Outcome::Expired => counts.expired += 1,
                Outcome::Other => counts.others += 1,
                Outcome::Refused => counts.refused += 1,
            }
        }
        if self.flags.dry_run {
            counts.copied += wanted.len() as u64;
            wanted.clear();
        }
        for some in wanted.chunks(pace.chunk()) {
            let mut failed = None;
            // All of them are waited for: what was copied is counted, whatever became of its neighbours.
            for written in join_all(some.iter().map(|session| self.store(session, now_ms))).await {
                match written {
                    Ok(true) => counts.copied += 1,
                    Ok(false) => counts.kept += 1,
                    Err(error) => failed = Some(error),
                }
            }
            if let Some(error) = failed {
                return Err(format!("UpdateItem on table {} in {}: {}", some[0].key.table, self.to, error.cause));
            }
            pace.wait(some.len()).await;
            waits -= some.len();
        }
        // Items that were only read cost the source as much.
        pace.wait(waits).await;
        Ok(latest)
    }

    /// Whether it was written; not, when its place is taken.
    async fn store(&self, session: &Wanted, now_ms: i64) -> Result<bool, Error> {
        let Wanted { key, writing, expires } = session;
        for (key, update) in &writing.parts {
            patiently(|| self.update(key, update, None)).await?;
        }
        let update = self.layouts.stamped(&writing.update, self.to, now_ms);
        match patiently(|| self.update(key, &update, Some(*expires))).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind == Kind::Condition => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// `expires`: only where the layouts' condition holds for a copy of that expiry.
    async fn update(&self, key: &Key, update: &Update, expires: Option<i64>) -> Result<(), Error> {
        let mut expression = Expression::default();
        let text = expression.changes(&update.changes);
        let request = self.target.update_item().table_name(&key.table).key(&key.attribute, AttributeValue::S(key.value.clone()));
        let mut request = request.update_expression(text);
        for (token, name) in expression.names {
            request = request.expression_attribute_names(token, name);
        }
        for (token, value) in &expression.values {
            request = request.expression_attribute_values(token, to_aws(value));
        }
        if let Some(expires) = expires {
            let condition = self.layouts.condition(expires);
            request = request.condition_expression(condition.text);
            for (token, name) in condition.names {
                request = request.expression_attribute_names(token, name);
            }
            for (token, value) in &condition.values {
                request = request.expression_attribute_values(*token, to_aws(value));
            }
        }
        request.send().await.map(|_| ()).map_err(translate)
    }
}

/// An item as the SDK has it.
type Raw = HashMap<String, AttributeValue>;

/// Tries again while the table throttles or does not answer.
async fn patiently<T, F: Future<Output = Result<T, Error>>>(call: impl Fn() -> F) -> Result<T, Error> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(200);
    loop {
        match call().await {
            Err(error) if matches!(error.kind, Kind::Throttled | Kind::Timeout | Kind::Unavailable) && started.elapsed() < PATIENCE => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            other => return other,
        }
    }
}

/// At most so many items a second.
#[derive(Debug)]
struct Pace {
    started: Instant,
    done: u64,
    rate: u32,
}

impl Pace {
    /// What may be under way together: a tenth of a second's worth.
    fn chunk(&self) -> usize {
        usize::try_from(self.rate / 10).unwrap_or(TOGETHER).clamp(1, TOGETHER)
    }

    async fn wait(&mut self, done: usize) {
        self.done += done as u64;
        tokio::time::sleep(self.ahead(self.started.elapsed())).await;
    }

    /// How much sooner than allowed these items were done.
    fn ahead(&self, elapsed: Duration) -> Duration {
        Duration::from_secs_f64(self.done as f64 / f64::from(self.rate)).saturating_sub(elapsed)
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_kept() {
        let pace = Pace { started: Instant::now(), done: 50, rate: 100 };
        assert_eq!(pace.ahead(Duration::from_millis(200)), Duration::from_millis(300));
        assert_eq!(pace.ahead(Duration::from_secs(2)), Duration::ZERO);
        assert_eq!((pace.chunk(), Pace { rate: 1, ..pace }.chunk()), (10, 1));
    }
}
