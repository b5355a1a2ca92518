//! The test bodies, written once and run in many settings: natively, on a page's main thread and inside a worker, with
//! `web` and `no-modules` glue, in each engine.
//!
//! A body is a sentence and panics when it is not true. [`bodies!`], [`encoding_bodies!`] and [`web_bodies!`] list them for
//! those who run them.

#![allow(missing_docs, reason = "a body's name is its sentence")]

mod bulk;
mod channels;
pub mod common;
#[cfg(target_family = "wasm")]
mod deaths;
mod faults;
mod jobs;
#[cfg(target_family = "wasm")]
mod js_values;
mod lifetime;
mod threads;
#[cfg(target_family = "wasm")]
mod web;

pub use bulk::*;
pub use channels::*;
#[cfg(target_family = "wasm")]
pub use deaths::*;
pub use faults::*;
pub use jobs::*;
#[cfg(target_family = "wasm")]
pub use js_values::*;
pub use lifetime::*;
pub use threads::*;
#[cfg(target_family = "wasm")]
pub use web::*;

/// Calls a macro with the name of each body that runs everywhere.
#[macro_export]
macro_rules! bodies {
    ($each:ident) => {
        $each! {
            a_job_gives_its_value
            named_locals_travel_with_their_job
            job_takes_mut_types_values_and_a_result_type
            a_struct_travels_both_ways
            a_serde_closure_is_a_job
            an_async_serde_closure_is_a_job
            an_async_job_gives_its_value
            an_async_job_may_hold_what_is_not_send
            async_jobs_of_one_thread_overlap
            jobs_run_in_the_order_of_their_spawning
            a_job_may_give_a_result_of_its_own
            large_values_travel
            a_job_knows_its_thread
            statics_last_from_job_to_job
            threads_started_together_are_all_there
            a_thread_has_its_own_statics
            on_start_runs_before_the_first_job
            there_is_at_least_one_core
            a_handle_knows_its_id_and_when_it_is_finished
            dropping_a_start_is_no_harm
            a_job_starts_a_thread_of_its_own
            results_awaited_in_another_order_are_not_mixed
            a_panic_is_an_error_with_message_and_place
            a_panic_of_an_async_job_before_its_first_await_is_its_error
            a_panic_of_an_async_job_after_its_first_await_is_its_error
            a_formatted_panic_keeps_its_message
            a_panic_in_a_drop_is_the_jobs_error
            jobs_behind_a_panicked_one_run
            on_start_runs_again_in_a_replaced_worker
            a_panic_in_on_start_is_a_start_error
            an_aborted_job_that_waits_is_never_begun
            an_endless_job_can_be_aborted
            an_endless_async_job_can_be_aborted
            an_endless_job_ends_at_its_timeout
            a_timeout_that_is_not_reached_changes_nothing
            a_job_that_waits_can_reach_its_timeout
            an_aborted_async_job_is_dropped_at_its_await
            aborting_an_async_job_spares_the_one_beside_it
            abort_on_drop_aborts
            aborting_a_finished_job_changes_nothing
            an_abort_handle_aborts_from_elsewhere
            a_terminated_thread_cancels_its_jobs
            a_terminated_thread_refuses_jobs
            a_dropped_thread_cancels_its_jobs
            a_dropped_handle_detaches_its_job
            a_detached_jobs_error_goes_to_on_unhandled
            a_cancelled_detached_job_is_not_reported
            errors_say_what_they_are
            an_idempotent_job_begins_again_in_the_next_worker
            jobs_that_begin_again_keep_their_order
            an_idempotent_job_begins_three_times_at_most
            an_idempotent_jobs_own_panic_is_final
            an_aborted_idempotent_job_does_not_begin_again
            an_idempotent_job_sends_through_its_channel_in_each_run
            a_buffer_travels_both_ways
            buffers_travel_inside_other_values
            a_buffer_outside_a_job_does_not_serialize
            json_carries_what_describes_itself
            a_thread_that_checks_payloads_refuses_what_cannot_travel
            progress_of_a_job_that_never_yields_arrives_while_it_runs
            what_a_job_sends_is_there_before_its_result
            an_async_job_sends_between_its_awaits
            a_stream_ends_with_its_job_however_that_ends
            a_sender_that_its_job_drops_ends_the_stream
            jobs_of_several_threads_send_to_one_receiver
            a_sender_goes_on_to_a_job_of_a_job
            a_sender_works_where_it_was_made
            a_dropped_receiver_does_not_stop_the_job
            a_job_that_was_given_up_on_adds_nothing
        }
    };
}

/// Calls a macro with the name of each body for which values must be encoded on their way. Natively they are in builds with
/// debug assertions.
#[macro_export]
macro_rules! encoding_bodies {
    ($each:ident) => {
        $each! {
            an_argument_that_does_not_encode_is_an_error
            an_argument_that_does_not_decode_is_an_error
            a_result_that_does_not_encode_is_an_error
            a_result_that_does_not_decode_is_an_error
            a_self_describing_value_is_an_error_that_names_its_type
            a_length_that_does_not_divide_is_an_error
            a_buffer_taken_twice_is_an_error
            a_buffer_that_did_not_come_is_an_error
            a_buffer_that_nobody_takes_is_an_error
            what_json_cannot_carry_is_an_error_that_says_why
            an_item_that_does_not_encode_is_an_error_of_its_send
            an_item_that_does_not_decode_is_an_error_in_the_stream
            a_sender_in_a_result_is_an_error
            a_sender_through_a_channel_is_an_error
        }
    };
}

/// Calls a macro with the name of each body that needs a browser.
#[macro_export]
macro_rules! web_bodies {
    ($each:ident) => {
        $each! {
            a_trap_is_an_error_and_the_thread_goes_on
            a_stack_overflow_is_an_error_and_the_thread_goes_on
            memory_out_of_bounds_is_an_error_and_the_thread_goes_on
            an_exception_thrown_through_a_job_is_its_error
            a_trap_takes_the_async_jobs_beside_it_along
            an_exception_thrown_beside_a_job_ends_its_wait
            without_workers_there_is_a_start_error
            an_escaped_promise_of_the_program_is_no_death
            a_job_awaits_a_promise
            a_missing_glue_script_is_a_start_error
            html_instead_of_the_glue_script_is_a_start_error
            a_file_can_hold_the_workers_script
            what_is_not_the_workers_script_is_a_start_error
            a_url_that_is_none_is_a_start_error
            bytes_that_are_no_module_are_a_start_error
            a_missing_module_is_a_start_error
            the_programs_own_module_can_be_given
            a_start_that_takes_too_long_is_a_start_error
            a_result_that_a_busy_owner_has_not_heard_is_no_timeout
            handles_and_threads_are_send_and_sync
            errors_become_js_errors
            a_workers_own_onmessage_is_the_programs
            the_programs_own_messages_are_left_alone
            a_terminated_loop_really_ends_at_its_checkpoint
            a_js_value_travels_as_a_copy
            a_js_value_is_copied_when_its_job_is_made
            a_transferred_buffer_is_handed_over
            a_message_port_travels_to_a_job
            a_value_that_cannot_be_cloned_is_an_error
            a_detached_buffer_is_an_error
            a_js_value_of_another_class_is_an_error
            js_values_come_through_a_channel
            a_js_value_outside_a_job_does_not_serialize
            a_trap_ends_its_jobs_stream
            a_job_that_closes_its_worker_is_lost_and_the_thread_goes_on
            a_worker_that_is_closed_between_its_jobs_ends_their_wait
            a_worker_that_is_closed_while_it_starts_is_a_start_error
            an_idempotent_job_cannot_begin_again_without_its_buffer
        }
    };
}

/// The examples of the pages that explain.
#[cfg(doctest)]
#[doc = include_str!("../../docs/travel.md")]
mod travel {}

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../../docs/deployment.md")]
mod deployment {}
