//! `status`: looks at all Regions.

use super::args::Common;
use super::{End, place, show};
use crate::aws::Aws;
use crate::controller::Controller;
use crate::event::{Action, Event, Order};

/// Ill: a Region is lost or does not hold the newest order, or a controller would refuse.
pub(crate) async fn run(common: &Common) -> anyhow::Result<End> {
    let settings = place::find(common, None).await?;
    let aws = Aws::new(&settings, place::silent).await;
    let controller = Controller { world: &aws, settings: &settings };
    let outcome = controller.handle(Event::Order(Order::of(Action::Status))).await.map_err(anyhow::Error::msg)?;
    let answer = outcome.answer;
    if settings.policy.quorum < 2 {
        eprintln!(
            "judged by DynamoDB alone: without --health-urls (WP_DYNAMODB_HEALTH_URLS) no site was asked, and controllers want two witnesses"
        );
    }
    if common.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        show::answer(&answer);
    }
    let lost = answer.signals.values().any(|s| s.site.is_failed() || s.dynamodb.is_failed());
    let ill = lost || !answer.stragglers.is_empty() || answer.decision != "stay";
    Ok(if ill { End::Ill } else { End::Well })
}
