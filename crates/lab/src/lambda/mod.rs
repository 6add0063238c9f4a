//! Lambda, as far as one small function needs it: the runtime API of `provided.al2023`, spoken by the real `bootstrap` as a child process.
//!
//! ```text
//! queue (retries, dead letters) ─► function (a few invocations at a time, time limit) ─► api (desk) ◄── HTTP ── bootstrap (child process)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`function`] | a function: its processes, cold and warm; what became of each invocation |
//! | [`api`] | the runtime API over HTTP |
//! | [`process`] | the child and its environment |
//! | [`log`] | what it prints |
//! | [`queue`] | asynchronous invocation: a retry, an age, the dead-letter list; pure |
//! | [`deployment`] | what `infra/region.yaml` sets |
//! | [`environment`] | the controller's environment, pointed at a lab |

pub mod api;
pub mod deployment;
pub mod environment;
pub mod function;
pub mod log;
pub mod process;
pub mod queue;

pub use function::{Function, Invocation, Outcome};
pub use queue::Queue;
