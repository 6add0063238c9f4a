//! What this controller may do, tried when nothing else is to be done: that a right is missing shall be known before the night of the loss.

use serde_json::json;

use super::{Controller, Outcome};
use crate::answer::Level;
use crate::rights::{Found, Pace, Rights};
use crate::signal::Look;
use crate::world::World;

impl<W: World> Controller<'_, W> {
    /// After a tick has come to its answer: about once an hour, and never while a Region fails or an order is under way. Nothing that goes
    /// wrong here is an error of the tick's.
    pub async fn tend(&self, pace: &Pace, after: &Outcome) {
        let now_ms = self.world.now_ms();
        if !is_calm(after) || !pace.is_due(now_ms) {
            return;
        }
        // A process that has just started does not know what another one has tried; nor does one of several.
        match self.world.rights().await {
            Ok(Some(known)) => pace.tried(known.at_ms.min(now_ms)),
            Ok(None) => {}
            Err(why) => self.say(Level::Warn, format!("what was found of the rights is not known: {why}"), json!({})),
        }
        if !pace.is_due(now_ms) {
            return;
        }
        pace.tried(now_ms);
        let (_, kept) = self.try_rights(&after.look).await;
        if let Err(why) = kept {
            self.say(Level::Warn, format!("what was found of the rights is not kept: {why}"), json!({}));
        }
    }

    /// As a person has ordered it: at once.
    pub(super) async fn check(&self) -> Result<Outcome, String> {
        let mut outcome = self.status().await?;
        let (rights, kept) = self.try_rights(&outcome.look).await;
        outcome.answer.decision = "check".to_owned();
        outcome.answer.why = rights.in_words();
        outcome.answer.rights.insert(self.home().clone(), rights);
        outcome.answer.warnings.extend(kept.err());
        Ok(outcome)
    }

    async fn try_rights(&self, look: &Look) -> (Rights, Result<(), String>) {
        let tried = self.world.try_rights(&look.holders(&self.settings.policy.regions)).await;
        let rights = Rights { at_ms: self.world.now_ms(), tried };
        for tried in &rights.tried {
            let (level, what, cause) = match &tried.found {
                Found::Missing(cause) => (Level::Error, "is missing", cause),
                Found::Absent(cause) => (Level::Error, "is one to something that is not there", cause),
                Found::Unknown(cause) => (Level::Warn, "could not be tried", cause),
                Found::Held | Found::Untried(_) => continue,
            };
            let message = format!("the right {} in {} {what}: {cause}", tried.right, tried.region);
            self.say(level, message, serde_json::to_value(tried).unwrap_or_default());
        }
        let kept = self.world.keep_rights(&rights).await;
        (rights, kept)
    }
}

/// Whether nothing fails, and nothing is to be done.
fn is_calm(outcome: &Outcome) -> bool {
    let fails = outcome.look.signals.values().any(|s| s.site.is_failed() || s.dynamodb.is_failed());
    outcome.answer.decision == "stay" && !outcome.answer.refused && outcome.failure.is_none() && !outcome.under_way && !fails
}
