//! The last good value of the parameter on disk, so that a start during an SSM outage works.
//!
//! The file's own modification time says when the value was last confirmed, so that a command line on the same host need not ask SSM.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastGood {
    /// Layout of this file.
    pub version: u32,
    /// Name of the parameter it is the value of.
    pub parameter: String,
    /// The Region it named.
    pub region: String,
    /// The Regions it drained.
    #[serde(default)]
    pub drained: Vec<String>,
    /// The parameter's `LastModifiedDate`, in milliseconds since 1970.
    pub modified_ms: u64,
}

impl LastGood {
    /// The value of a parameter.
    #[must_use]
    pub fn new(parameter: &str, region: String, drained: Vec<String>, modified_ms: u64) -> Self {
        LastGood { version: VERSION, parameter: parameter.to_owned(), region, drained, modified_ms }
    }
}

const VERSION: u32 = 1;
/// How many drafts this process has begun.
static DRAFTS: AtomicU64 = AtomicU64::new(0);
/// Far more than this file ever needs: whatever else lies there is not read.
const LONGEST: u64 = 4096;
/// What the clocks of AWS and of this host may differ.
const AHEAD: Duration = Duration::from_secs(600);

/// Reads the file: the value, and how long ago it was confirmed. `None` when there is no file.
///
/// # Errors
/// In words, when there is one that cannot be used: unreadable, of another user, or of another content.
pub fn read(path: &Path, parameter: &str) -> Result<Option<(LastGood, Duration)>, String> {
    Ok(load(path)?.filter(|(held, _)| held.parameter == parameter))
}

/// Reads the file, whichever parameter it is of.
fn load(path: &Path) -> Result<Option<(LastGood, Duration)>, String> {
    let mut file = match OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    let about = file.metadata().map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    if !about.is_file() {
        return Err(format!("{} is not a plain file", path.display()));
    }
    if about.mode() & 0o002 != 0 {
        return Err(format!("{} is ignored: anybody may write it", path.display()));
    }
    let folder = path.parent().and_then(|folder| fs::metadata(folder).ok()).map(|folder| folder.uid());
    if ![Some(0), Some(nix::unistd::geteuid().as_raw()), folder].contains(&Some(about.uid())) {
        return Err(format!("{} is ignored: it belongs to another user", path.display()));
    }
    let mut text = String::new();
    Read::by_ref(&mut file).take(LONGEST).read_to_string(&mut text).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let held: LastGood = serde_json::from_str(&text).map_err(|e| format!("{} is damaged: {e}", path.display()))?;
    if held.version != VERSION {
        return Ok(None);
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if Duration::from_millis(held.modified_ms) > now + AHEAD {
        return Err(format!("{} is ignored: its date lies in the future, where no later parameter could replace it", path.display()));
    }
    let age = about.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or(Duration::MAX);
    Ok(Some((held, age)))
}

/// Writes the value, or only confirms it when the file has it already.
///
/// # Errors
/// In words, when the file cannot be written; the old one stays whole.
pub fn write(path: &Path, wanted: &LastGood) -> Result<(), String> {
    if let Ok(Some((held, _))) = load(path)
        && held.parameter != wanted.parameter
    {
        return Err(format!("{} is that of parameter {}", path.display(), held.parameter));
    }
    if let Ok(Some((held, _))) = read(path, &wanted.parameter) {
        if held.modified_ms > wanted.modified_ms {
            return Ok(());
        }
        if held == *wanted && File::options().append(true).open(path).and_then(|f| f.set_modified(SystemTime::now())).is_ok() {
            return Ok(());
        }
    }
    let explain = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    // A name of our own in the same folder, then a rename: a reader sees the old file or the new one, whoever is killed when.
    // One for each writing: the poller and who asks for a refresh may both be at it.
    let draft = path.with_extension(format!("{}-{}.tmp", std::process::id(), DRAFTS.fetch_add(1, Ordering::Relaxed)));
    let _ = fs::remove_file(&draft);
    let result = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&draft)
        .and_then(|mut file| {
            let text = serde_json::to_string(wanted).map_err(std::io::Error::other)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, path));
    if result.is_err() {
        let _ = fs::remove_file(&draft);
    }
    result.map_err(explain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(parameter: &str, region: &str, modified_ms: u64) -> LastGood {
        LastGood::new(parameter, region.to_owned(), Vec::new(), modified_ms)
    }

    #[test]
    fn keeps_the_newest_value_and_its_age() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region.json");
        assert_eq!(read(&path, "/p"), Ok(None));
        write(&path, &value("/p", "us-west-2", 20)).expect("written");
        write(&path, &value("/p", "us-east-1", 10)).expect("an older value is no error");
        let (held, age) = read(&path, "/p").expect("readable").expect("there");
        assert_eq!((held.region.as_str(), held.modified_ms), ("us-west-2", 20));
        assert!(age < Duration::from_secs(60));
        assert_eq!(read(&path, "/other"), Ok(None), "another parameter's value is not ours");
        assert!(write(&path, &value("/other", "us-east-1", 30)).unwrap_err().contains("that of parameter /p"), "nor is its file");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no drafts are left");
    }

    #[test]
    fn several_may_write_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region.json");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for round in 0..50 {
                        write(path, &value("/p", "us-east-1", round * 4 + writer)).expect("written");
                    }
                });
            }
        });
        assert!(read(&path, "/p").expect("readable").is_some());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no drafts are left");
    }

    #[test]
    fn confirming_moves_the_time_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region.json");
        write(&path, &value("/p", "us-west-2", 20)).expect("written");
        let old = SystemTime::now() - Duration::from_secs(1000);
        File::options().append(true).open(&path).and_then(|f| f.set_modified(old)).expect("aged");
        let inode = fs::metadata(&path).expect("there").ino();
        assert!(read(&path, "/p").expect("readable").expect("there").1 > Duration::from_secs(900));
        write(&path, &value("/p", "us-west-2", 20)).expect("confirmed");
        assert!(read(&path, "/p").expect("readable").expect("there").1 < Duration::from_secs(60));
        assert_eq!(fs::metadata(&path).expect("there").ino(), inode);
    }

    #[test]
    fn what_is_damaged_or_open_to_all_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region.json");
        fs::write(&path, "{").expect("written");
        assert!(read(&path, "/p").unwrap_err().contains("is damaged"));
        write(&path, &value("/p", "us-west-2", 20)).expect("a damaged file is replaced");
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert!(read(&link, "/p").is_err(), "links are not followed");
        assert!(read(&path, "/p").is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("opened");
        assert!(read(&path, "/p").unwrap_err().contains("anybody may write it"));
    }

    #[test]
    fn a_date_in_the_future_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region.json");
        write(&path, &value("/p", "us-west-2", u64::MAX / 2)).expect("written");
        assert!(read(&path, "/p").unwrap_err().contains("in the future"));
        write(&path, &value("/p", "us-east-1", 20)).expect("replaced");
        assert_eq!(read(&path, "/p").expect("readable").expect("there").0.region, "us-east-1");
    }

    #[test]
    fn another_users_file_is_not_believed() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region.json");
        write(&path, &value("/p", "us-west-2", 20)).expect("written");
        std::os::unix::fs::chown(&path, Some(65_534), None).expect("given away");
        assert!(read(&path, "/p").unwrap_err().contains("another user"));
        std::os::unix::fs::chown(folder.path(), Some(65_534), None).expect("given away");
        assert!(read(&path, "/p").is_ok(), "the folder's owner may keep it there");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_said() {
        let error = write(Path::new("/proc/nowhere/region.json"), &value("/p", "us-west-2", 1)).unwrap_err();
        assert!(error.starts_with("cannot write /proc/nowhere/region.json"), "{error}");
    }
}
