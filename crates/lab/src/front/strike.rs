//! One request: counted, struck by the fault of the hour, carried out, answered.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::Incoming;
use tokio::sync::{mpsc, watch};

use super::answer::Served;
use super::connection::End;
use super::{Answer, Front, Strike};
use crate::fault::{Kind, Service};

/// DynamoDB takes bodies of up to 16 MB.
const MAX_BODY: usize = 16 * 1024 * 1024;

type Strikes = watch::Receiver<Strike>;

/// Serves one request. Connections are ended through `ender`; this future is dropped with its connection then.
pub async fn serve(front: Arc<Front>, request: Request<Incoming>, ender: mpsc::UnboundedSender<End>) -> Served {
    let (head, body) = request.into_parts();
    let operation = match head.headers.get("x-amz-target").and_then(|t| t.to_str().ok()) {
        Some(target) => target.rsplit('.').next().unwrap_or(target),
        None => "unknown",
    };
    front.counters.count(operation);
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return end(&ender, End::Close).await;
    };
    let body = body.to_bytes();
    let query = head.uri.query().unwrap_or("");
    let carry_out = || front.carry_out(&head.headers, query, operation, &body);

    let mut strikes = front.strikes.subscribe();
    loop {
        let Strike { fault, number, .. } = *strikes.borrow_and_update();
        let answer = match fault.draw() {
            Kind::None | Kind::Dns => carry_out().await,
            Kind::Latency => {
                let half = Duration::from_micros(fault.ms * 500);
                if pause(half, &mut strikes).await.is_break() {
                    continue;
                }
                let answer = carry_out().await;
                if pause(half, &mut strikes).await.is_break() && swallows(strikes.borrow().fault.draw()) {
                    until_answering(&mut strikes, number).await;
                    return end(&ender, End::Close).await;
                }
                answer
            }
            Kind::Blackhole | Kind::Noconnect => {
                until_answering(&mut strikes, number).await;
                return end(&ender, End::Close).await;
            }
            Kind::Refuse => return end(&ender, End::Close).await,
            Kind::Reset => return end(&ender, End::Reset).await,
            Kind::Hang => {
                let answer = carry_out().await;
                let over = async move {
                    let _ = strikes.changed().await;
                };
                return Ok(answer.half(Box::pin(over)));
            }
            kind @ (Kind::ServerError | Kind::Throttle | Kind::Denied | Kind::Missing) => refusal(&front, kind, operation),
        };
        return Ok(answer.whole());
    }
}

/// Ends the connection; never returns, for the connection takes this future with it.
async fn end(ender: &mpsc::UnboundedSender<End>, how: End) -> Served {
    let _ = ender.send(how);
    std::future::pending().await
}

/// Whether a kind takes requests and gives nothing back.
pub fn swallows(kind: Kind) -> bool {
    matches!(kind, Kind::Blackhole | Kind::Noconnect)
}

/// Waits until the front has stopped being a black hole, after strike `since`. What was swallowed stays unanswered even then.
async fn until_answering(strikes: &mut Strikes, since: u64) {
    let _ = strikes.wait_for(|strike| strike.answering > since).await;
}

/// Sleeps; breaks off when the fault changes.
///
/// Short sleeps are made by a thread: the runtime's timer has a grain of a millisecond, too coarse for measuring round trips.
async fn pause(time: Duration, strikes: &mut Strikes) -> ControlFlow<()> {
    let until = Instant::now() + time;
    let sleep = async {
        if time <= Duration::from_millis(50) {
            let _ = tokio::task::spawn_blocking(move || {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
            })
            .await;
        } else {
            tokio::time::sleep_until(until.into()).await;
        }
    };
    tokio::select! {
        biased;
        _ = strikes.changed() => ControlFlow::Break(()),
        () = sleep => ControlFlow::Continue(()),
    }
}

/// The error of a fault that answers.
fn refusal(front: &Front, kind: Kind, operation: &str) -> Answer {
    let service = front.service();
    match (kind, service) {
        (Kind::Throttle, Service::Dynamodb) => front.error(
            400,
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
        ),
        (Kind::Throttle, Service::Ssm) => front.error(400, "ThrottlingException", "Rate exceeded"),
        (Kind::Missing, Service::Dynamodb) => front.error(400, "ResourceNotFoundException", "Requested resource not found"),
        (Kind::Missing, Service::Ssm) => front.error(400, "ParameterNotFound", "Parameter not found."),
        (Kind::Denied, _) => {
            let message = format!(
                "User: arn:aws:iam::123456789012:user/lab is not authorized to perform: {service}:{operation} in {} because no identity-based policy allows it",
                front.region
            );
            front.error(400, "AccessDeniedException", &message)
        }
        _ => front.error(500, "InternalServerError", "The request processing has failed because of an unknown error, exception or failure."),
    }
}
