//! The controller as a Lambda function (`provided.al2023`).

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use wp_dynamodb_failover::answer::{Answer, Line, metrics};
use wp_dynamodb_failover::aws::Aws;
use wp_dynamodb_failover::controller::Controller;
use wp_dynamodb_failover::event::Event;
use wp_dynamodb_failover::rights::Pace;
use wp_dynamodb_failover::settings::Settings;
use wp_dynamodb_failover::world::World;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // Wrong settings end the start, with a line that the log and the function's error show.
    let settings = Settings::read(|name| std::env::var(name).ok()).map_err(|wrong| format!("settings: {wrong}"))?;
    let aws = Aws::new(&settings, |line: &Line| println!("{}", line.json())).await;
    let (aws, settings, pace) = (&aws, &settings, &Pace::default());
    run(service_fn(move |event: LambdaEvent<Value>| Box::pin(handle(aws, settings, pace, event.payload)))).await
}

async fn handle(aws: &Aws<'_>, settings: &Settings, pace: &Pace, event: Value) -> Result<Answer, Diagnostic> {
    let event = Event::read(&event).map_err(|why| raised("EventRefused", format!("the event is refused: {why}")))?;
    let tick = event == Event::Tick;
    let controller = Controller { world: aws, settings };
    let outcome = controller.handle(event).await.map_err(|why| raised("NotDone", why))?;
    for line in metrics(&outcome.answer, &outcome.look, tick, aws.now_ms()) {
        println!("{line}");
    }
    // All that a tick is for is done, and told.
    if tick {
        controller.tend(pace, &outcome).await;
    }
    match outcome.failure {
        None => Ok(outcome.answer),
        // The switch stands; what failed after it is raised, so that AWS tries again.
        Some(why) => Err(raised("NotFinished", why)),
    }
}

/// What the caller and the dead-letter queue see.
fn raised(kind: &str, why: String) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: why }
}
