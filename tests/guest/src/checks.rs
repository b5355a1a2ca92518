//! The checks, by name.

#[macro_use]
mod shared;
mod channels;
mod faults;
mod named;
mod pool;
mod results;

/// Runs the check of a name, or all, and prints which were true; or prints the names. False where there is no such check.
pub(crate) fn run(wanted: &str) -> bool {
    let lists = [
        results::CHECKS,
        faults::CHECKS,
        channels::CHECKS,
        pool::CHECKS,
    ];
    let mut found = false;
    for (name, check) in lists.into_iter().flatten() {
        match wanted {
            "list" => println!("{name}"),
            _ if wanted == "all" || wanted == *name => {
                check();
                println!("ok {name}");
            }
            _ => continue,
        }
        found = true;
    }
    found
}
