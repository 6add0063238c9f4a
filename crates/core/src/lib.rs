//! Regions, stores and sessions of wp-dynamodb, without PHP.
//!
//! ```text
//! aws      HTTP and credentials of all calls
//! call/    one call over as many Regions as it takes: tries, bridging, hedging, the switch window
//! config   the table of settings and what they parse to
//! error    one typed error with its cause
//! runtime  one tokio runtime per process, safe across fork
//! engine   settings + runtime + store + Region: what the extension talks to
//! region/  which Region is active and which one is used (parameter, breakers, decide, shared memory, poller, state file)
//! store/   the item store (trait, DynamoDB, memory, failing), and which copy of an item is the newest
//! session/ the life of a PHP session (lifecycle, item formats, seal)
//! metrics  counters and latency, shared by all workers of a host
//! ```
//!
//! Nothing in here names PHP, WordPress, the controller or the lab.

pub mod aws;
pub mod call;
pub mod config;
mod credentials;
pub mod engine;
pub mod error;
pub mod metrics;
pub mod region;
pub mod runtime;
pub mod session;
pub mod status;
pub mod store;

pub use config::Settings;
pub use engine::Engine;
pub use error::{Error, Kind};
pub use region::Region;
