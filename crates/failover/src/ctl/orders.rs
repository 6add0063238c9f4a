//! `switch`, `failback`, `pin`, `unpin`, `mode`.

use super::args::{Common, Mode, Note, Order as Flags, Switch};
use super::dry::Dry;
use super::{End, Usage, follow, place, show};
use crate::answer::Answer;
use crate::aws::Aws;
use crate::controller::Controller;
use crate::event::{Action, Event, Order};
use crate::settings::Settings;
use crate::world::World;

pub(crate) async fn switch(common: &Common, flags: &Switch) -> anyhow::Result<End> {
    moved(common, Action::Switch, Some(&flags.to), &flags.order).await
}

pub(crate) async fn failback(common: &Common, flags: &Flags) -> anyhow::Result<End> {
    let preferred = common.regions.split(',').next().map(str::trim);
    moved(common, Action::Failback, preferred, flags).await
}

pub(crate) async fn pin(common: &Common, note: &Note) -> anyhow::Result<End> {
    set(common, Order::of(Action::Pin), note).await
}

pub(crate) async fn unpin(common: &Common, note: &Note) -> anyhow::Result<End> {
    set(common, Order::of(Action::Unpin), note).await
}

pub(crate) async fn mode(common: &Common, flags: &Mode) -> anyhow::Result<End> {
    set(common, Order { mode: Some(flags.way()), ..Order::of(Action::Mode) }, &flags.note).await
}

async fn moved(common: &Common, action: Action, to: Option<&str>, flags: &Flags) -> anyhow::Result<End> {
    let settings = place::find(common, to).await?;
    if let Some(to) = to.filter(|to| !settings.policy.regions.iter().any(|r| r.as_str() == *to)) {
        return Err(Usage(format!("--to {to} is not one of --regions {}", common.regions)).into());
    }
    let order = Order { to: to.map(str::to_owned), force: flags.force, drain: flags.drain, alone: flags.alone, ..Order::of(action) };
    let (answer, aws) = give(common, &settings, order, &flags.note).await?;
    if flags.note.dry_run || answer.decision == "stay" {
        return Ok(End::Well);
    }
    let behind = if flags.no_wait { answer.stragglers.clone() } else { follow::until_all_hold(&aws, &settings, &answer.value).await };
    for (region, why) in &behind {
        eprintln!(
            "{region} does not hold the order \"{}\": {why}; a controller repairs it when it answers, unless another order was given (wp-dynamodb-ctl history)",
            answer.value
        );
    }
    Ok(if behind.is_empty() { End::Well } else { End::Ill })
}

async fn set(common: &Common, order: Order, note: &Note) -> anyhow::Result<End> {
    let settings = place::find(common, None).await?;
    let (answer, _) = give(common, &settings, order, note).await?;
    for (region, why) in &answer.not_told {
        eprintln!("{region}'s controller may not know yet, and act otherwise: {why}");
    }
    Ok(if answer.not_told.is_empty() { End::Well } else { End::Ill })
}

/// Gives the order, or says what it would do, and shows the answer.
async fn give<'a>(common: &Common, settings: &'a Settings, order: Order, note: &Note) -> anyhow::Result<(Answer, Aws<'a>)> {
    let order = Order { by: Some(note.by.clone()), why: Some(note.why.clone()), ..order };
    let aws = Aws::new(settings, place::silent).await;
    let answer = if note.dry_run {
        let dry = Dry::new(&aws, &settings.parameter);
        let mut answer = carry_out(&dry, settings, order).await?;
        let would = dry.would();
        answer.why =
            if would.is_empty() { format!("nothing would be written: {}", answer.why) } else { format!("would {}", would.join("; ")) };
        answer.written.clear();
        answer
    } else {
        carry_out(&aws, settings, order).await?
    };
    if common.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        show::answer(&answer);
        for region in &answer.written {
            println!("{region}: {} is written", settings.parameter);
        }
    }
    Ok((answer, aws))
}

async fn carry_out<W: World>(world: &W, settings: &Settings, order: Order) -> anyhow::Result<Answer> {
    let outcome = Controller { world, settings }.handle(Event::Order(order)).await;
    outcome.map(|o| o.answer).map_err(anyhow::Error::msg)
}
