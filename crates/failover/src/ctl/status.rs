//! `status`: looks at all Regions.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use wp_dynamodb_core::Region;

use super::args::Common;
use super::{End, place, show};
use crate::aws::Aws;
use crate::controller::Controller;
use crate::event::{Action, Event, Order};
use crate::rights::{OLD_MS, Rights};
use crate::settings::Settings;
use crate::world::World;

/// Ill: a Region is lost or does not hold the newest order, a controller would refuse, or is refused something itself.
pub(crate) async fn run(common: &Common) -> anyhow::Result<End> {
    let settings = place::find(common, None).await?;
    let aws = Aws::new(&settings, place::silent).await;
    let controller = Controller { world: &aws, settings: &settings };
    let looked = controller.handle(Event::Order(Order::of(Action::Status)));
    let (outcome, mut rights) = join(looked, rights(&aws, &settings)).await;
    // Of a controller that is not there any more nobody takes them away.
    rights.retain(|_, rights| aws.now_ms().saturating_sub(rights.at_ms) <= OLD_MS);
    let mut answer = outcome.map_err(anyhow::Error::msg)?.answer;
    answer.rights = rights;
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
    let refused = answer.rights.values().any(|rights| rights.missing().next().is_some());
    let ill = lost || refused || !answer.stragglers.is_empty() || answer.decision != "stay";
    Ok(if ill { End::Ill } else { End::Well })
}

/// What each controller has found of its rights. A Region that does not answer is shown without: that it does not is seen already.
async fn rights(aws: &Aws<'_>, settings: &Settings) -> BTreeMap<Region, Rights> {
    let looks = settings.policy.regions.iter().map(|region| async move { (region.clone(), aws.ledger_in(region).rights().await) });
    let known = |(region, found): (Region, Result<Option<Rights>, String>)| found.ok().flatten().map(|rights| (region, rights));
    join_all(looks).await.into_iter().filter_map(known).collect()
}
