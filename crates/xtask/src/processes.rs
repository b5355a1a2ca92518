//! The processes of this machine, by Linux's `/proc`: who started whom, and what each has spent. Elsewhere none are known.

use std::collections::HashMap;
use std::fs;

/// What one process has spent, with those children that it has waited for, in ticks; and who started it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) parent: u32,
    pub(crate) spent: u64,
}

/// All of them by their numbers; `None` where there is no `/proc`.
pub(crate) fn all() -> Option<HashMap<u32, Process>> {
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let read = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        // Some end while they are looked at.
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        Some((pid, process(&stat)?))
    });
    Some(read.collect())
}

/// Those below one, each after who started it.
pub(crate) fn below(processes: &HashMap<u32, Process>, root: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(parent) = next.pop() {
        for (&pid, process) in processes {
            // Read while they came and went, two can seem to be each other's parents.
            if process.parent == parent && pid != root && !found.contains(&pid) {
                found.push(pid);
                next.push(pid);
            }
        }
    }
    found
}

/// `/proc/<pid>/stat`: times are the 14th to the 17th field.
fn process(stat: &str) -> Option<Process> {
    let fields = fields(stat)?;
    let times: Option<u64> = (14..=17).map(|nth| number(&fields, nth)).sum();
    Some(Process {
        parent: parent(stat)?,
        spent: times?,
    })
}

/// The fourth field.
fn parent(stat: &str) -> Option<u32> {
    number(&fields(stat)?, 4)?.try_into().ok()
}

/// From the third on. The second, a name in parentheses, may hold anything.
fn fields(stat: &str) -> Option<Vec<&str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace().collect())
}

fn number(fields: &[&str], nth: usize) -> Option<u64> {
    fields.get(nth - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_is_read_past_a_name_with_parentheses() {
        assert_eq!(parent("12 (a) b (c) S 7 12 12 0"), Some(7));
        assert_eq!(parent("12 (a"), None);
    }

    #[test]
    fn a_process_is_read_past_a_name_with_parentheses() {
        let stat = "12 (a) b (c) S 7 12 12 0 -1 0 0 0 0 0 100 20 3 4 20 0 1 0 55";
        let expected = Process {
            parent: 7,
            spent: 127,
        };
        assert_eq!(process(stat), Some(expected));
        assert_eq!(process("12 (a) S 7 12"), None);
        assert_eq!(process("12 a"), None);
    }
}
