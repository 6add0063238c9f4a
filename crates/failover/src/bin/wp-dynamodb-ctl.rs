//! The controller's command line, for the person on call.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    Box::pin(wp_dynamodb_failover::ctl::run()).await
}
