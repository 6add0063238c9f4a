//! What the controller needs of the world.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use wp_dynamodb_core::Region;

use crate::answer::{Entry, Line};
use crate::memory::{Memory, Mode, Order, Switched};
use crate::rights::{Rights, Tried};
use crate::signal::{Look, Reading};

/// What the control table holds for this controller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// What it remembers.
    pub memory: Memory,
    /// The memory's version; 0: there is none yet.
    pub version: u64,
    /// What people have set.
    pub mode: Option<Mode>,
    /// Automatic switches of other Regions' controllers within the last hour.
    pub elsewhere: Vec<Switched>,
    /// What could not be read of the trail, and is not needed to decide.
    pub warnings: Vec<String>,
}

/// How keeping the memory ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Kept, as this version.
    As(u64),
    /// Another invocation has kept something in the meantime.
    Overtaken,
}

/// The world. Everything in it has a deadline of its own. Errors are sentences that name Region and table or parameter.
pub trait World: Sync {
    /// This side's clock, milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// Waits.
    fn pause(&self, time: Duration) -> impl Future<Output = ()> + Send;
    /// Looks at all Regions at once. What cannot be seen is in the look.
    fn look(&self) -> impl Future<Output = Look> + Send;
    /// Reads every Region's parameter.
    fn parameters(&self) -> impl Future<Output = BTreeMap<Region, Reading>> + Send;
    /// Writes in `from` and waits until it has arrived in the own Region: milliseconds; `None` when it did not within `limit`.
    fn lag(&self, from: &Region, limit: Duration) -> impl Future<Output = Option<u64>> + Send;
    /// Reads what is remembered.
    fn recall(&self) -> impl Future<Output = Result<Held, String>> + Send;
    /// Keeps `memory`, if it still has `version`.
    fn keep(&self, memory: &Memory, version: u64) -> impl Future<Output = Result<Kept, String>> + Send;
    /// What people have set, as of this moment.
    fn mode(&self) -> impl Future<Output = Result<Option<Mode>, String>> + Send;
    /// Sets who decides. Gives the Regions whose controllers hear of it by replication only, and why; an error if none was told.
    fn set_mode(&self, mode: &Mode) -> impl Future<Output = Result<BTreeMap<Region, String>, String>> + Send;
    /// Adds to the audit trail.
    fn record(&self, entry: &Entry) -> impl Future<Output = Result<(), String>> + Send;
    /// Writes the parameter in `region`.
    fn order(&self, region: &Region, value: &str) -> impl Future<Output = Result<(), String>> + Send;
    /// Starts what follows a switch, once for each order: its name; `None` when nothing is set.
    fn follow_up(&self, order: &Order) -> impl Future<Output = Result<Option<String>, String>> + Send;
    /// What this controller has last found of its own rights.
    fn rights(&self) -> impl Future<Output = Result<Option<Rights>, String>> + Send;
    /// Tries them, by calls that change nothing. `values`: each Region's parameter, where it is known and may be tried.
    fn try_rights(&self, values: &BTreeMap<Region, String>) -> impl Future<Output = Vec<Tried>> + Send;
    /// Keeps what was found.
    fn keep_rights(&self, rights: &Rights) -> impl Future<Output = Result<(), String>> + Send;
    /// Says something to whoever reads the logs.
    fn say(&self, line: &Line);
}
