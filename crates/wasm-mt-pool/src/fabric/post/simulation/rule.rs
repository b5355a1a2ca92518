//! The rule of `docs/scheduler.md`: a test for each of its lines, with the line's name.

use super::figures::*;
use super::laws;

/// Whether all of these reach their goals.
fn reach(figures: &[Figure]) {
    for figure in figures {
        figure.check().unwrap();
    }
}

#[test]
fn a_worker_takes_its_own_then_what_came_from_outside_then_half_of_the_longest_deque() {
    laws::hold(100).unwrap();
    reach(&[NESTED]);
}

#[test]
fn an_idle_worker_gets_a_job_at_once() {
    laws::hold(100).unwrap();
    reach(&[ALONE]);
}

#[test]
fn an_unknown_job_and_a_long_one_go_alone() {
    reach(&[JULIA]);
    reach(&SKEWED);
}

#[test]
fn a_message_carries_little_work_and_a_small_part_of_what_waits() {
    reach(&CLUSTERED);
    reach(&[SKEWED_SMALL]);
}

#[test]
fn more_workers_get_longer_messages_and_the_shortest_work_may_always_go() {
    reach(&MANY);
    reach(&[MANY_SHORT]);
}

#[test]
fn a_kind_costs_what_whole_frames_took_summed_up_over_a_coarse_clock() {
    reach(&LENGTHS);
    reach(&[EMPTY, EMPTY_BY_OWNER, EMPTY_MESSAGES]);
}

#[test]
fn a_worker_has_as_much_ahead_as_lasts_until_the_owner_answers() {
    reach(&[LATE, NESTED]);
}

#[test]
fn nothing_goes_behind_what_may_take_long_unless_the_others_have_enough_to_do() {
    reach(&[BATCHES, BIMODAL]);
}

#[test]
fn what_is_urgent_goes_first_and_nothing_starves() {
    laws::hold(100).unwrap();
}

#[test]
fn a_worker_that_is_to_end_gets_nothing_and_loses_nothing() {
    laws::hold(100).unwrap();
}

#[test]
fn the_page_names_these_tests() {
    let page = include_str!("../../../../../../docs/scheduler.md");
    let tests = include_str!("rule.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("fn ")?.strip_suffix("() {"));
    for test in tests.filter(|&test| test != "the_page_names_these_tests") {
        assert!(
            page.contains(test),
            "docs/scheduler.md does not name {test}"
        );
    }
}
