//! Queues between Regions: lag, pause, partition.
//!
//! Each ordered pair of Regions has one queue and one task. A write is numbered by one counter for all Regions, taken while
//! its Region's write lock is held: numbers follow the order of arrival, so "last writer wins" is "the highest number wins".
//! A copy that arrives at a Region which has seen a higher number for that item is dropped. Deletes are copied like writes,
//! their numbers stay. So whatever the delays, Regions agree once all queues are empty.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::item::{Item, ItemKey};
use crate::region::Region;

/// Whether copies move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Copies arrive after the lag.
    Run,
    /// An operator stopped replication: writes wait in the queues.
    Pause,
    /// The Regions cannot reach each other: writes wait in the queues. Works as [`State::Pause`], told apart for who reads the status.
    Partition,
}

impl State {
    /// The name in JSON and tables.
    pub fn name(self) -> &'static str {
        match self {
            State::Run => "run",
            State::Pause => "pause",
            State::Partition => "partition",
        }
    }
}

/// What an operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Whether copies move.
    pub state: State,
    /// Time from a write to its copy, in milliseconds.
    pub lag_ms: u64,
}

/// One write on its way to another Region.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The item.
    pub key: ItemKey,
    /// Its whole content after the write; none: deleted.
    pub item: Option<Item>,
    /// The write's number; higher is later.
    pub number: u64,
    /// When it was written.
    pub written: Instant,
}

/// The queue from one Region to another.
#[derive(Debug)]
struct Link {
    from: usize,
    to: String,
    queue: mpsc::UnboundedSender<Copy>,
    pending: Arc<AtomicU64>,
}

/// Replication between all Regions of the lab.
#[derive(Debug)]
pub struct Replication {
    settings: watch::Sender<Settings>,
    numbers: AtomicU64,
    links: OnceLock<Vec<Link>>,
    applied: AtomicU64,
    superseded: AtomicU64,
    /// Told after each copy is done with, for those who wait for empty queues.
    progress: watch::Sender<()>,
}

/// The state of replication, for status.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was set.
    #[serde(flatten)]
    pub settings: Settings,
    /// Copies under way, per direction.
    pub pending: Vec<Pending>,
    /// Copies that were written.
    pub applied: u64,
    /// Copies that a later write had overtaken.
    pub superseded: u64,
}

/// Copies under way in one direction.
#[derive(Debug, Serialize)]
pub struct Pending {
    /// Written in this Region,
    pub from: String,
    /// not yet in this one.
    pub to: String,
    /// How many.
    pub copies: u64,
}

impl Replication {
    /// Replication that runs with this lag, between Regions still to be [connected](Self::connect).
    pub fn new(lag_ms: u64) -> Arc<Self> {
        Arc::new(Replication {
            settings: watch::Sender::new(Settings { state: State::Run, lag_ms }),
            numbers: AtomicU64::new(0),
            links: OnceLock::new(),
            applied: AtomicU64::new(0),
            superseded: AtomicU64::new(0),
            progress: watch::Sender::new(()),
        })
    }

    /// Starts one task per ordered pair of Regions. Called once.
    pub fn connect(self: &Arc<Self>, regions: &[Arc<Region>]) {
        let mut links = Vec::new();
        for from in regions {
            for to in regions.iter().filter(|to| to.index != from.index) {
                let (queue, copies) = mpsc::unbounded_channel();
                let pending = Arc::new(AtomicU64::new(0));
                links.push(Link { from: from.index, to: to.name.clone(), queue, pending: pending.clone() });
                tokio::spawn(self.clone().carry(copies, to.clone(), pending));
            }
        }
        self.links.set(links).expect("Regions are connected once");
    }

    async fn carry(self: Arc<Self>, mut copies: mpsc::UnboundedReceiver<Copy>, to: Arc<Region>, pending: Arc<AtomicU64>) {
        let mut settings = self.settings.subscribe();
        while let Some(copy) = copies.recv().await {
            self.wait_due(&mut settings, copy.written).await;
            match to.apply(&copy) {
                Ok(true) => self.applied.fetch_add(1, Ordering::Relaxed),
                Ok(false) => self.superseded.fetch_add(1, Ordering::Relaxed),
                Err(error) => {
                    // A table deleted in one Region only, say: the rest must go on.
                    eprintln!("lab: replication to {}: {} is lost: {error:#}", to.name, copy.key);
                    0
                }
            };
            pending.fetch_sub(1, Ordering::Release);
            self.progress.send_replace(());
        }
    }

    /// Waits until replication runs and the lag, as set by now, has passed since `written`.
    async fn wait_due(&self, settings: &mut watch::Receiver<Settings>, written: Instant) {
        loop {
            let Settings { state, lag_ms } = *settings.borrow_and_update();
            if state == State::Run {
                let due = written + Duration::from_millis(lag_ms);
                if due <= Instant::now() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep_until(due) => {}
                    _ = settings.changed() => {}
                }
            } else if settings.changed().await.is_err() {
                return;
            }
        }
    }

    /// The next write's number. Taken under the Region's write lock, so numbers follow the order of writes to an item.
    pub fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends a write of Region `from` to all others.
    pub fn send(&self, from: usize, copy: &Copy) {
        for link in self.links.get().into_iter().flatten() {
            if link.from == from {
                link.pending.fetch_add(1, Ordering::Release);
                // The receiving task lives as long as the runtime.
                let _ = link.queue.send(copy.clone());
            }
        }
    }

    /// Changes lag, state or both; at once, also for copies under way.
    pub fn set(&self, state: Option<State>, lag_ms: Option<u64>) {
        self.settings.send_modify(|settings| {
            settings.state = state.unwrap_or(settings.state);
            settings.lag_ms = lag_ms.unwrap_or(settings.lag_ms);
        });
    }

    /// Settings, queues and counts.
    pub fn report(&self, names: &[String]) -> Report {
        let links = self.links.get().into_iter().flatten();
        let pending =
            links.map(|link| Pending { from: names[link.from].clone(), to: link.to.clone(), copies: link.pending.load(Ordering::Acquire) });
        Report {
            settings: *self.settings.borrow(),
            pending: pending.collect(),
            applied: self.applied.load(Ordering::Relaxed),
            superseded: self.superseded.load(Ordering::Relaxed),
        }
    }

    /// Waits until no copy is under way.
    pub async fn settled(&self) {
        let mut progress = self.progress.subscribe();
        loop {
            let mut links = self.links.get().into_iter().flatten();
            if links.all(|link| link.pending.load(Ordering::Acquire) == 0) {
                return;
            }
            if progress.changed().await.is_err() {
                return;
            }
        }
    }
}
