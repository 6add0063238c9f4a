//! The life of a PHP session.
//!
//! ```text
//! cookie      the id in a request's Cookie header
//! lifecycle   the rules of PHP's session contract: open, validate, read, write, touch, destroy
//! item        the two layouts of an item
//! parts       a session that does not fit into one item
//! seal        encryption of the `sealed` layout
//! pack        its compression
//! ```

pub mod cookie;
pub mod item;
pub mod lifecycle;
mod pack;
pub mod parts;
pub mod seal;

pub use lifecycle::{Items, Lifecycle, Superglobal};
