//! Child processes that die with the lab.

use tokio::process::Command;

/// Puts the child into its own process group, so that Ctrl-C reaches the lab alone, and has the kernel kill it when the lab dies.
///
/// Start it from a thread that lives as long as the lab: the kernel goes by the *thread* that made the child.
pub fn die_with_us(command: &mut Command) {
    command.process_group(0).kill_on_drop(true);
    let parent = std::process::id();
    // SAFETY: prctl, getppid and _exit are async-signal-safe, and the closure touches no memory but its own.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            // The lab may have died before the line above.
            if libc::getppid().cast_unsigned() != parent {
                libc::_exit(1);
            }
            Ok(())
        });
    }
}

/// `kill -9` of a child that leads its own group, and of what it started. The child must not have been reaped yet.
pub fn kill_group(pid: u32) {
    // SAFETY: kill has no memory to be unsafe with; the child leads its own group and is reaped by nobody else.
    unsafe { libc::kill(-pid.cast_signed(), libc::SIGKILL) };
}
