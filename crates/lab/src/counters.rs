//! Calls per operation of one front.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// Calls per operation.
pub type Calls = BTreeMap<String, u64>;

/// Counts every request that reached a front, faulted ones too.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Calls>);

impl Counters {
    /// Counts one call.
    pub fn count(&self, operation: &str) {
        let mut calls = self.0.lock().expect("counters");
        match calls.get_mut(operation) {
            Some(calls) => *calls += 1,
            None => {
                calls.insert(operation.to_owned(), 1);
            }
        }
    }

    /// The calls so far.
    pub fn get(&self) -> Calls {
        self.0.lock().expect("counters").clone()
    }

    /// The calls so far; counting starts from zero again, no call is lost in between.
    pub fn take(&self) -> Calls {
        std::mem::take(&mut *self.0.lock().expect("counters"))
    }
}
