//! Lambda, as far as one small function needs it: the runtime API of `provided.al2023`, spoken by the real `bootstrap` as a child process.
//!
//! ```text
//! queue (retries, dead letters) ─► function (one invocation at a time, time limit) ─► api (desk) ◄── HTTP ── bootstrap (child process)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`function`] | a function: its process, cold and warm; what became of each invocation |
//! | [`api`] | the runtime API over HTTP |
//! | [`process`] | the child, its environment and its log |
//! | [`queue`] | asynchronous invocation: two retries, then the dead-letter list; pure |
//! | [`environment`] | the controller's environment, pointed at a lab |

pub mod api;
pub mod environment;
pub mod function;
pub mod process;
pub mod queue;

pub use function::{Function, Invocation, Outcome};
pub use queue::Queue;
