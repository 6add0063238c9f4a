//! What a drill will do, in words.

use std::time::Duration;

use wp_dynamodb_core::Region;

/// A switch there, and back.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The active Region.
    pub from: Region,
    /// The Region to go to.
    pub to: Region,
    /// The SSM parameter.
    pub parameter: String,
    /// The session table.
    pub table: String,
    /// Regions whose site is asked.
    pub sites: Vec<Region>,
    /// Goes back by itself after so long; none: asks.
    pub hold: Option<Duration>,
    /// The flags with which this site is found, for commands that are to be typed.
    pub flags: String,
}

impl Plan {
    pub(super) fn words(&self) -> String {
        let Plan { from, to, parameter, table, sites, hold, .. } = self;
        let sites = match sites.as_slice() {
            [] => "no site is asked (--health-urls), so availability is not measured".to_owned(),
            sites => {
                format!("the sites of {} are asked four times a second", sites.iter().map(Region::as_str).collect::<Vec<_>>().join(" and "))
            }
        };
        let back = match hold {
            Some(hold) => format!("goes back to {from} after {} s", hold.as_secs()),
            None => format!("asks, and goes back to {from}"),
        };
        format!(
            "This drill\n\
             - writes {parameter} = {to} in every Region: hosts move their sessions from {from} to {to} within 10 s;\n\
             - {back}.\n\
             What visitors may notice: pages with a session are slower by a round trip between the Regions for the 30 s of the switch window; a page\n\
             that is under way while its host follows, and another host has not yet, may lose its change. DNS, database and media stay where they are:\n\
             nothing that follows a switch (WP_DYNAMODB_AFTER_SWITCH of the Lambda) is started.\n\
             What it measures: {sites}; markers are written to table {table}, in the active Region,\n\
             four times a second, and looked for in the other one. They expire within the hour.\n\
             The way back at any time: {}",
            self.back()
        )
    }

    /// The command that undoes it: as the drill itself goes back, without what follows a switch.
    pub(super) fn back(&self) -> String {
        format!("wp-dynamodb-ctl switch --to {} --alone{}", self.from, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_names_regions_way_back_and_what_is_not_measured() {
        let region = |name| Region::parse(name).expect("a Region");
        let plan = Plan {
            from: region("us-east-1"),
            to: region("us-west-2"),
            parameter: "/p".into(),
            table: "t".into(),
            sites: vec![],
            hold: Some(Duration::from_secs(30)),
            flags: " --table t".into(),
        };
        let words = plan.words();
        for part in [
            "/p = us-west-2",
            "back to us-east-1 after 30 s",
            "switch --to us-east-1 --alone --table t",
            "availability is not measured",
            "visitors may notice",
        ] {
            assert!(words.contains(part), "{part} in {words}");
        }
        let plan = Plan { sites: vec![region("us-west-2")], hold: None, ..plan };
        assert!(plan.words().contains("sites of us-west-2") && plan.words().contains("asks, and goes back"));
    }
}
