//! The calls that complete a table, and the waits between them.

use std::future::Future;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateReplicationGroupMemberAction, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    ReplicaStatus, ReplicationGroupUpdate, ScalarAttributeType, StreamSpecification, StreamViewType, TableStatus, TimeToLiveSpecification,
};
use indicatif::ProgressBar;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Error, Kind, Region};

use super::plan::Step;
use crate::aws::Aws;
use crate::ctl::tables::Wanted;

/// A replica of an empty table takes minutes, of a large one hours.
const LIMIT: Duration = Duration::from_secs(3 * 3600);
/// Between two questions.
const EVERY: Duration = Duration::from_secs(1);
/// So long a table may be busy with an earlier change.
const BUSY: Duration = Duration::from_secs(300);

/// Completes one table.
pub(super) struct Maker<'a> {
    pub aws: &'a Aws<'a>,
    pub wanted: &'a Wanted<'a>,
    pub home: &'a Region,
}

impl Maker<'_> {
    /// All steps, one after the other. What has been done stays when one fails; the next run goes on from there.
    pub(super) async fn carry_out(&self, steps: &[Step]) -> Result<(), String> {
        for step in steps {
            let bar = ProgressBar::new_spinner();
            bar.set_message(format!("{}: {step}", self.wanted.name));
            let done = self.step(step, &bar).await;
            bar.finish_and_clear();
            done.map_err(|why| format!("table {}: {step}: {why}; the same command goes on from here", self.wanted.name))?;
        }
        Ok(())
    }

    async fn step(&self, step: &Step, bar: &ProgressBar) -> Result<(), String> {
        match step {
            Step::Create { region } => {
                self.create().await?;
                self.until(bar, || self.is_active(region)).await
            }
            Step::Stream { region } => {
                self.patiently(bar, || self.stream()).await?;
                self.until(bar, || self.is_active(region)).await
            }
            Step::Ttl { .. } => self.patiently(bar, || self.time_to_live()).await,
            Step::Replica { region } => {
                self.patiently(bar, || self.replica(region)).await?;
                self.until(bar, || self.has_replica(region)).await
            }
            Step::Await { region } => self.until(bar, || self.has_replica(region)).await,
            Step::Protect { region } => {
                self.patiently(bar, || self.protect(region)).await?;
                self.until(bar, || self.is_active(region)).await
            }
            Step::Recovery { region } => self.patiently(bar, || self.recovery(region)).await,
        }
    }

    fn client(&self) -> &Client {
        self.aws.clients().dynamodb(self.home)
    }

    async fn create(&self) -> Result<(), String> {
        let mut create = self.client().create_table().table_name(&self.wanted.name).billing_mode(BillingMode::PayPerRequest);
        let keys = std::iter::once((self.wanted.hash, KeyType::Hash)).chain(self.wanted.range.map(|r| (r, KeyType::Range)));
        for (name, role) in keys {
            let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
            let key = KeySchemaElement::builder().attribute_name(name).key_type(role).build();
            create = create.attribute_definitions(definition.map_err(incomplete)?).key_schema(key.map_err(incomplete)?);
        }
        match create.stream_specification(images()?).send().await.map_err(translate) {
            Ok(_) => Ok(()),
            // The answer of an earlier try was lost.
            Err(error) if error.cause.starts_with("ResourceInUseException") => Ok(()),
            Err(error) => Err(format!("CreateTable in {}: {}", self.home, error.cause)),
        }
    }

    async fn stream(&self) -> Result<(), Error> {
        let specification = images().map_err(|why| Error::new(Kind::Internal, why))?;
        let update = self.client().update_table().table_name(&self.wanted.name).stream_specification(specification);
        update.send().await.map(|_| ()).map_err(translate)
    }

    async fn time_to_live(&self) -> Result<(), Error> {
        let specification = TimeToLiveSpecification::builder().enabled(true).attribute_name(self.wanted.ttl).build();
        let specification = specification.map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        let update = self.client().update_time_to_live().table_name(&self.wanted.name).time_to_live_specification(specification);
        match update.send().await.map_err(translate) {
            Err(error) if error.cause.contains("already enabled") => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn replica(&self, region: &Region) -> Result<(), Error> {
        let create = CreateReplicationGroupMemberAction::builder().region_name(region.as_str()).build();
        let create = create.map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        let update = self.client().update_table().table_name(&self.wanted.name);
        let update = update.replica_updates(ReplicationGroupUpdate::builder().create(create).build());
        update.send().await.map(|_| ()).map_err(translate)
    }

    async fn protect(&self, region: &Region) -> Result<(), Error> {
        let update = self.aws.clients().dynamodb(region).update_table().table_name(&self.wanted.name);
        update.deletion_protection_enabled(true).send().await.map(|_| ()).map_err(translate)
    }

    async fn recovery(&self, region: &Region) -> Result<(), Error> {
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let on = on.map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        let update = self.aws.clients().dynamodb(region).update_continuous_backups().table_name(&self.wanted.name);
        update.point_in_time_recovery_specification(on).send().await.map(|_| ()).map_err(translate)
    }

    async fn is_active(&self, region: &Region) -> Result<bool, Error> {
        let described =
            self.aws.clients().dynamodb(region).describe_table().table_name(&self.wanted.name).send().await.map_err(translate)?;
        Ok(described.table.is_some_and(|t| t.table_status == Some(TableStatus::Active)))
    }

    /// The home says so, and the Region itself as well.
    async fn has_replica(&self, region: &Region) -> Result<bool, Error> {
        let described = self.client().describe_table().table_name(&self.wanted.name).send().await.map_err(translate)?;
        let table = described.table.ok_or_else(|| Error::new(Kind::Internal, "an answer without a table"))?;
        let replica = table.replicas().iter().find(|r| r.region_name() == Some(region.as_str()));
        match replica.and_then(|r| r.replica_status()) {
            Some(ReplicaStatus::Active) => self.is_active(region).await,
            Some(ReplicaStatus::CreationFailed | ReplicaStatus::InaccessibleEncryptionCredentials) => {
                let why = replica.and_then(|r| r.replica_status_description()).unwrap_or("without a reason");
                Err(Error::new(Kind::Config, format!("the replica in {region} could not be made: {why}")))
            }
            _ => Ok(false),
        }
    }

    /// Waits until `is` says yes. A single failed look is none.
    async fn until<F: Future<Output = Result<bool, Error>>>(&self, bar: &ProgressBar, is: impl Fn() -> F) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let last = match is().await {
                Ok(true) => return Ok(()),
                Ok(false) => String::new(),
                Err(error) if matches!(error.kind, Kind::Access | Kind::Config) => return Err(error.cause),
                Err(error) => format!(": {}", error.cause),
            };
            if started.elapsed() > LIMIT {
                return Err(format!("not ready after {} s{last}", LIMIT.as_secs()));
            }
            self.pause(bar).await;
        }
    }

    /// Tries until the table is not busy with an earlier change.
    async fn patiently<F: Future<Output = Result<(), Error>>>(&self, bar: &ProgressBar, call: impl Fn() -> F) -> Result<(), String> {
        let started = Instant::now();
        loop {
            match call().await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    // Backups of a new table are not there at once.
                    let codes = ["ResourceInUseException", "LimitExceededException", "Throttling", "ContinuousBackupsUnavailableException"];
                    let busy = codes.iter().any(|c| error.cause.starts_with(c));
                    if !busy || started.elapsed() > BUSY {
                        return Err(error.cause);
                    }
                    self.pause(bar).await;
                }
            }
        }
    }

    async fn pause(&self, bar: &ProgressBar) {
        bar.tick();
        tokio::time::sleep(EVERY).await;
    }
}

/// What replicas are fed from.
fn images() -> Result<StreamSpecification, String> {
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    stream.build().map_err(incomplete)
}

fn incomplete(error: BuildError) -> String {
    error.to_string()
}
