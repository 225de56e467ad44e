//! What the operating system says of a process (Linux `proc(5)`).

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// Memory that a process answers for, bytes: its own pages, and its share of those it shares (`Pss`).
///
/// Source: `/proc/PID/smaps_rollup`. Errors: the process is gone.
pub(crate) fn pss_bytes(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("reading smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss line")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().context("Pss is a number")?;
    Ok(kilobytes * 1024)
}

/// Processor time that a process has used since it began, user and system.
///
/// Source: fields 14 and 15 of `/proc/PID/stat`, in ticks of 10 ms (`USER_HZ` is 100 on every Linux of today).
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).context("reading stat")?;
    // The second field is the program's name in brackets and may hold anything: count from behind it.
    let fields: Vec<&str> = text.rsplit_once(')').context("stat has a name")?.1.split_whitespace().collect();
    let ticks = |n: usize| -> Result<u64> { Ok(fields.get(n - 3).context("stat is too short")?.parse()?) };
    Ok(Duration::from_millis((ticks(14)? + ticks(15)?) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_uses_the_processor() {
        let pid = std::process::id();
        assert!(pss_bytes(pid).expect("memory") > 100_000);
        let before = cpu_time(pid).expect("time");
        let mut x = 1_u64;
        while cpu_time(pid).expect("time") < before + Duration::from_millis(30) {
            x = x.wrapping_mul(3).rotate_left(7);
        }
        assert_ne!(x, 0);
    }
}
