//! The state machine that follows a switch: what else a site wants to be moved (a database, capacity).

use aws_sdk_sfn::Client;
use serde_json::json;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Error, Kind};

use crate::memory::Order;

/// Starts it under the order's name, so once: the service refuses a second execution of one name. Gives the name.
///
/// # Errors
/// What Step Functions said, with the machine.
pub async fn start(client: &Client, machine: &str, order: &Order) -> Result<String, String> {
    let input = json!({
        "id": order.id, "from": order.from, "to": order.to, "failback": order.back,
        "automatic": order.automatic, "by": order.by, "why": order.why,
    });
    let start = client.start_execution().state_machine_arn(machine).name(&order.id).input(input.to_string()).send();
    match start.await {
        Ok(_) => Ok(order.id.clone()),
        Err(error) if error.as_service_error().is_some_and(|e| e.is_execution_already_exists()) => Ok(order.id.clone()),
        Err(error) => Err(format!("StartExecution of {machine}: {}", translate(error).cause)),
    }
}

/// Whether it may be started: with an input that is no JSON nothing ever is, and the refusal of the input says that the right is there.
///
/// # Errors
/// What Step Functions said.
pub async fn may_start(client: &Client, machine: &str) -> Result<(), Error> {
    match client.start_execution().state_machine_arn(machine).name("rights").input("no JSON").send().await {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(|e| e.is_invalid_execution_input()) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(|e| e.is_state_machine_does_not_exist()) => {
            Err(Error::new(Kind::NotFound, translate(error).cause))
        }
        Err(error) => Err(translate(error)),
    }
}
