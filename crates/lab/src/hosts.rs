//! The hosts file: the names of all doors, for clients that have it as their `/etc/hosts`.
//!
//! Clients see it through a bind mount, which holds on to the file itself: it is changed in place, never replaced. A name is
//! taken out by one byte, the first of its line, so whoever reads meanwhile has the whole file as it was or as it is.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The one name of an ordinary hosts file that programs count on.
const LOCALHOST: &str = "127.0.0.1 localhost\n";

/// A hosts file on disk.
#[derive(Debug)]
pub struct HostsFile {
    path: PathBuf,
    file: File,
    /// Where each name's line begins.
    lines: BTreeMap<String, u64>,
}

impl HostsFile {
    /// Writes the file, with all these names on 127.0.0.1; readable by everybody. A file of an earlier run is written over.
    pub fn create<'a>(path: &Path, names: impl Iterator<Item = &'a str>) -> Result<Self> {
        let mut text = LOCALHOST.to_owned();
        let mut lines = BTreeMap::new();
        for name in names {
            lines.insert(name.to_owned(), text.len() as u64);
            text += &format!("127.0.0.1 {name}\n");
        }
        let write = || {
            // Not truncated first: clients of the earlier run may be reading.
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
            file.set_permissions(Permissions::from_mode(0o644))?;
            file.write_all_at(text.as_bytes(), 0)?;
            file.set_len(text.len() as u64)?;
            Ok::<_, std::io::Error>(file)
        };
        let file = write().with_context(|| format!("cannot write the hosts file {}", path.display()))?;
        Ok(HostsFile { path: path.to_owned(), file, lines })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a name resolve, or not.
    pub fn set(&self, name: &str, resolves: bool) -> Result<()> {
        let line = self.lines.get(name).with_context(|| format!("{name} is not in the hosts file"))?;
        let first = if resolves { b"1" } else { b"#" };
        self.file.write_all_at(first, *line).with_context(|| format!("cannot write the hosts file {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_out_and_put_back_in_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts");
        std::fs::write(&path, "of an earlier run, and longer than what is written now\n".repeat(4)).unwrap();
        let reader = File::open(&path).unwrap();
        let hosts = HostsFile::create(&path, ["a.test", "b.test"].into_iter()).unwrap();
        let seen = || {
            let mut bytes = vec![0; 200];
            let length = reader.read_at(&mut bytes, 0).unwrap();
            bytes.truncate(length);
            String::from_utf8(bytes).unwrap()
        };
        let all = "127.0.0.1 localhost\n127.0.0.1 a.test\n127.0.0.1 b.test\n";
        assert_eq!(seen(), all);
        hosts.set("b.test", false).unwrap();
        assert_eq!(seen(), "127.0.0.1 localhost\n127.0.0.1 a.test\n#27.0.0.1 b.test\n");
        hosts.set("b.test", true).unwrap();
        assert_eq!(seen(), all);
        assert!(hosts.set("c.test", true).is_err());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = HostsFile::create(Path::new("/nowhere/hosts"), std::iter::empty()).unwrap_err();
        assert!(format!("{error:#}").contains("/nowhere/hosts"), "{error:#}");
    }
}
