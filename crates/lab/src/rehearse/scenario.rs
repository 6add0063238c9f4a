//! What is lost, for how long, and which design answers.

use serde::Serialize;

/// What is lost in the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Everything: DynamoDB, SSM, the site, Lambda, CloudWatch. Nothing is copied to or from it.
    Region,
    /// DynamoDB alone, as in October 2025; nothing is copied to or from it.
    Dynamodb,
    /// The site alone: load balancer and hosts.
    Site,
}

impl Loss {
    /// All of them.
    pub const ALL: [Loss; 3] = [Loss::Region, Loss::Dynamodb, Loss::Site];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Loss::Region => "the whole Region",
            Loss::Dynamodb => "only DynamoDB",
            Loss::Site => "only the web tier",
        }
    }

    /// In file names, ids and tables of the lab.
    pub fn id(self) -> &'static str {
        match self {
            Loss::Region => "region",
            Loss::Dynamodb => "dynamodb",
            Loss::Site => "site",
        }
    }
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// This project: a controller in each Region, deep health checks, parameters in all Regions, hosts that bridge.
    Ours,
    /// The usual recipe, as good as its authors meant it.
    Recipe,
}

impl Design {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Design::Ours => "wp-dynamodb",
            Design::Recipe => "usual recipe",
        }
    }

    /// The health check's address: the recipe's page only says OK. Without WordPress there is no database to ask for.
    pub fn health_level(self, wordpress: bool) -> &'static str {
        match self {
            Design::Ours if wordpress => "ready",
            Design::Ours => "region",
            Design::Recipe => "live",
        }
    }
}

/// When things happen, in real seconds since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Plan {
    /// The loss.
    pub lost_s: f64,
    /// The Region comes back.
    pub returns_s: f64,
    /// A person orders the failback; none: nobody does.
    pub failback_s: Option<f64>,
    /// The end.
    pub ends_s: f64,
}

impl Plan {
    /// With failback: the whole story. Short: what a test has time for.
    ///
    /// Nothing happens at a multiple of a minute, where the alarm's periods end: its word of that moment would get out, or not, by luck.
    pub fn whole(quick: bool) -> Self {
        match quick {
            true => Plan { lost_s: 15.0, returns_s: 256.0, failback_s: Some(361.0), ends_s: 501.0 },
            false => Plan { lost_s: 75.0, returns_s: 375.0, failback_s: Some(555.0), ends_s: 795.0 },
        }
    }

    /// The loss and the return, to compare designs. Short: as long as DNS needs and a minute more.
    pub fn comparison(quick: bool) -> Self {
        match quick {
            true => Plan { lost_s: 15.0, returns_s: 226.0, failback_s: None, ends_s: 311.0 },
            false => Plan { lost_s: 45.0, returns_s: 315.0, failback_s: None, ends_s: 415.0 },
        }
    }
}

/// One scenario.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Scenario {
    /// What is lost.
    pub loss: Loss,
    /// Who answers.
    pub design: Design,
    /// When.
    pub plan: Plan,
}

impl Scenario {
    /// For people.
    pub fn title(&self) -> String {
        format!("{}: {} is lost", self.design.name(), self.loss.name())
    }

    /// An id of letters.
    pub fn id(&self) -> String {
        let design = match self.design {
            Design::Ours => "ours",
            Design::Recipe => "recipe",
        };
        format!("{design}_{}", self.loss.id())
    }
}
