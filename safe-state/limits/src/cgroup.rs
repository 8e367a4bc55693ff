//! The memory of the control group of the process, in versions 1 and 2.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A memory control group.
#[derive(Clone, Debug)]
pub(crate) struct Cgroup {
    dir: PathBuf,
    /// The mount point of the hierarchy, above which there is no group.
    mount: PathBuf,
    version: Version,
}

/// The version of control groups, which decides the names of the files.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    V1,
    V2,
}

/// The names of a version's files, and of an entry in its `memory.stat`.
struct Files {
    usage: &'static str,
    inactive: &'static str,
    limit: &'static str,
    events: &'static str,
}

/// The memory that a group has in use, and its limit, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) used: u64,
    pub(crate) limit: u64,
}

impl Cgroup {
    /// Finds the group of this process that counts its memory.
    ///
    /// # Errors
    ///
    /// The system has no such group, or hides it.
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let memberships = read(Path::new("/proc/self/cgroup"))?;
        let mounts = read(Path::new("/proc/self/mountinfo"))?;
        let found = Cgroup::find(&memberships, &mounts).filter(Cgroup::counts_memory);
        found.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "the process is in no control group that counts memory",
            )
        })
    }

    fn counts_memory(&self) -> bool {
        number(&self.dir.join(self.version.files().usage)).is_some()
    }

    /// Returns a group of version 2 whose files are in the directory `dir`.
    #[cfg(test)]
    pub(crate) fn version_2(dir: &Path) -> Self {
        Cgroup { dir: dir.into(), mount: dir.into(), version: Version::V2 }
    }

    /// Finds the group that `/proc/self/cgroup` names, at the place in `/proc/self/mountinfo`. Version 1 is tried
    /// first: a system that has both counts memory there.
    fn find(memberships: &str, mounts: &str) -> Option<Self> {
        [Version::V1, Version::V2].into_iter().find_map(|version| {
            let path = memberships.lines().find_map(|line| version.path_in(line))?;
            let (root, mount) = mounts.lines().find_map(|line| version.mount_in(line))?;
            // A container may have its own group as the root of the mount, and yet know its outer path.
            let inner = path.strip_prefix(root).unwrap_or("").trim_start_matches('/');
            let dir = Path::new(mount).join(inner);
            let dir = if dir.is_dir() { dir } else { PathBuf::from(mount) };
            Some(Cgroup { dir, mount: mount.into(), version })
        })
    }

    /// Returns the memory in use, in bytes, without the file pages that have not been used lately.
    pub(crate) fn used(&self) -> Option<u64> {
        self.version.used_above(&self.dir, 0)
    }

    /// Returns the tightest limit of this group and the groups around it, in bytes; none if there is no limit.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.groups().filter_map(|dir| self.version.limit(dir)).min()
    }

    /// Returns the memory and the limit of the group with the least room, among this one and those around it; none if
    /// there is no limit.
    pub(crate) fn room(&self) -> Option<Room> {
        let of = |dir: &Path| {
            let limit = self.version.limit(dir)?;
            let used = self.version.used_above(dir, limit / 2)?;
            Some(Room { used, limit })
        };
        self.groups().filter_map(of).min_by_key(|room| room.left())
    }

    /// Returns the memory in use and the bound above which the kernel slows the group down without killing, and how
    /// often it has done so. Only version 2 has this bound.
    pub(crate) fn slowed(&self) -> Option<(Room, u64)> {
        let of = |dir: &Path| {
            let limit = number(&dir.join("memory.high"))?;
            let used = self.version.used_above(dir, limit / 2)?;
            Some((Room { used, limit }, event(&dir.join("memory.events"), "high")?))
        };
        self.groups().filter_map(of).min_by_key(|(room, _)| room.left())
    }

    /// Returns how many processes of the group the kernel has killed because the group's memory was all in use.
    pub(crate) fn killed(&self) -> Option<u64> {
        event(&self.dir.join(self.version.files().events), "oom_kill")
    }

    /// Returns the directories of this group and of the groups around it.
    fn groups(&self) -> impl Iterator<Item = &Path> {
        self.dir.ancestors().take_while(|dir| dir.starts_with(&self.mount))
    }
}

impl Room {
    /// Returns how many more bytes can be taken until nine tenths of the limit are in use.
    pub(crate) fn left(self) -> u64 {
        nine_tenths(self.limit).saturating_sub(self.used)
    }
}

/// Returns nine tenths of a group's limit, beyond which the kernel may begin to kill.
pub(crate) fn nine_tenths(limit: u64) -> u64 {
    limit / 10 * 9
}

impl Version {
    fn files(self) -> Files {
        match self {
            Version::V1 => Files {
                usage: "memory.usage_in_bytes",
                inactive: "total_inactive_file",
                limit: "memory.limit_in_bytes",
                events: "memory.oom_control",
            },
            Version::V2 => Files {
                usage: "memory.current",
                inactive: "inactive_file",
                limit: "memory.max",
                events: "memory.events",
            },
        }
    }

    /// Returns the memory that the group has in use. Only if that is more than `bound`, file pages that have not been
    /// used lately are subtracted, as reading their number takes the kernel longer.
    fn used_above(self, group: &Path, bound: u64) -> Option<u64> {
        let Files { usage, inactive, .. } = self.files();
        let used = number(&group.join(usage))?;
        if used < bound {
            return Some(used);
        }
        Some(used.saturating_sub(event(&group.join("memory.stat"), inactive).unwrap_or(0)))
    }

    fn limit(self, group: &Path) -> Option<u64> {
        /// The smallest value that stands for no limit: version 1 then shows the largest number of pages.
        const NO_LIMIT: u64 = 1 << 62;
        number(&group.join(self.files().limit)).filter(|limit| *limit < NO_LIMIT)
    }

    /// Returns the path in a line of `/proc/self/cgroup`: `4:memory:/jobs/7`, or `0::/jobs/7`.
    fn path_in(self, line: &str) -> Option<&str> {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let is_it = match self {
            Version::V1 => controllers.split(',').any(|it| it == "memory"),
            Version::V2 => controllers.is_empty(),
        };
        is_it.then_some(path)
    }

    /// Returns the root and the mount point in a line of `/proc/self/mountinfo`.
    fn mount_in(self, line: &str) -> Option<(&str, &str)> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let place = (mount.next()?, mount.next()?);
        let mut file_system = file_system.split(' ');
        let (kind, options) = (file_system.next()?, file_system.nth(1).unwrap_or_default());
        let is_it = match self {
            Version::V1 => kind == "cgroup" && options.split(',').any(|it| it == "memory"),
            Version::V2 => kind == "cgroup2",
        };
        is_it.then_some(place)
    }
}

/// Reads a file of the kernel. Such a file tells no length, for which `fs::read_to_string` would ask, and read it in small pieces.
fn read(file: &Path) -> io::Result<String> {
    const MOST_FILES: usize = 4096;
    let mut text = String::with_capacity(MOST_FILES);
    File::open(file)?.take(u64::MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Returns the number in a file; none if it says `max`.
fn number(file: &Path) -> Option<u64> {
    // The kernel gives a number in one piece.
    let mut text = [0; 32];
    let len = File::open(file).ok()?.read(&mut text).ok()?;
    str::from_utf8(text.get(..len)?).ok()?.trim().parse().ok()
}

/// Returns the number after a name, in a file with one pair of both in each line.
fn event(file: &Path, name: &str) -> Option<u64> {
    let text = read(file).ok()?;
    let mut entries = text.lines().filter_map(|line| line.split_once(' '));
    entries.find(|(it, _)| *it == name)?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(dir: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(dir).unwrap();
        for (name, text) in files {
            fs::write(dir.join(name), text).unwrap();
        }
    }

    #[test]
    fn version_2_is_found_and_read() {
        let root = tempfile::tempdir().unwrap();
        let mount = root.path().display();
        let stat = "anon 900\ninactive_file 300\nactive_file 5\n";
        write(&root.path().join("jobs"), &[("memory.max", "5000\n")]);
        let files = [("memory.current", "1300\n"), ("memory.max", "max\n"), ("memory.stat", stat)];
        write(&root.path().join("jobs/7"), &files);
        let mounts = format!("30 24 0:27 / {mount} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
        let group = Cgroup::find("0::/jobs/7\n", &mounts).unwrap();
        assert_eq!((group.used(), group.limit()), (Some(1000), Some(5000)));
    }

    #[test]
    fn version_1_is_found_and_read_from_within_a_container() {
        let root = tempfile::tempdir().unwrap();
        let mount = root.path().display();
        let limit = ("memory.limit_in_bytes", "9223372036854771712\n");
        write(root.path(), &[("memory.usage_in_bytes", "1300\n"), limit]);
        let mounts = format!(
            "31 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
             32 24 0:28 /docker/abc {mount} ro - cgroup cgroup rw,memory\n\
             33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        );
        let memberships = "5:cpu:/docker/abc\n4:memory:/docker/abc\n0::/\n";
        let group = Cgroup::find(memberships, &mounts).unwrap();
        assert_eq!(group.version, Version::V1);
        assert_eq!((group.used(), group.limit()), (Some(1300), None));
        write(root.path(), &[("memory.limit_in_bytes", "4096\n")]);
        assert_eq!(group.limit(), Some(4096));
    }

    #[test]
    fn the_group_with_the_least_room_counts() {
        let root = tempfile::tempdir().unwrap();
        let (mount, outer) = (root.path().display(), root.path().join("pod"));
        let stat = ("memory.stat", "inactive_file 400\n");
        let events = "low 0\nhigh 12\nmax 3\noom 1\noom_kill 2\n";
        let files = [("memory.current", "900\n"), ("memory.max", "1000\n"), stat];
        write(&outer, &files);
        let high = [("memory.high", "700\n"), ("memory.events", events)];
        write(&outer.join("7"), &[("memory.current", "600\n"), ("memory.max", "max\n")]);
        write(&outer.join("7"), &high);
        let mounts = format!("30 24 0:27 / {mount} rw - cgroup2 cgroup2 rw\n");
        let group = Cgroup::find("0::/pod/7\n", &mounts).unwrap();
        assert_eq!(group.room(), Some(Room { used: 500, limit: 1000 }));
        assert_eq!(group.room().unwrap().left(), 400);
        assert_eq!(group.slowed(), Some((Room { used: 600, limit: 700 }, 12)));
        assert_eq!(group.killed(), Some(2));
        // Below a half of the limit, the pages not used lately are not read.
        write(&outer, &[("memory.current", "499\n")]);
        assert_eq!(group.room(), Some(Room { used: 499, limit: 1000 }));
    }

    #[test]
    fn no_group_is_found_on_a_system_without_control_groups() {
        assert!(Cgroup::find("0::/\n", "20 1 0:5 / /proc rw - proc proc rw\n").is_none());
        assert!(Cgroup::find("", "").is_none());
    }
}
