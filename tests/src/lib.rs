//! The test bodies, written once and run in many settings: natively, on a page's main thread and inside a worker, with
//! `web` and `no-modules` glue, in each engine.
//!
//! A body is a sentence and panics when it is not true. [`bodies!`], [`encoding_bodies!`], [`web_bodies!`],
//! [`compat_bodies!`] and [`hosted_bodies!`] list them for those who run them.

#![allow(missing_docs, reason = "a body's name is its sentence")]

mod bulk;
mod channels;
pub mod common;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_buffers;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_closures;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_faults;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_pool;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_pool_buffers;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_pool_faults;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_text;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod compat_utils;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod deaths;
#[cfg(not(target_os = "wasi"))]
mod faults;
mod jobs;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod js_values;
#[cfg(not(target_os = "wasi"))]
mod lifetime;
mod pool;
mod pool_aborts;
mod pool_ends;
mod pool_faults;
mod pool_join;
mod pool_limits;
mod pool_maps;
mod pool_nested;
mod pool_resize;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod pool_shared;
mod pool_soak;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod pool_trace;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod pool_web;
#[cfg(not(target_os = "wasi"))]
mod threads;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod web;

pub use bulk::*;
pub use channels::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_buffers::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_closures::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_faults::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_pool::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_pool_buffers::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_pool_faults::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_text::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use compat_utils::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use deaths::*;
#[cfg(not(target_os = "wasi"))]
pub use faults::*;
pub use jobs::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use js_values::*;
#[cfg(not(target_os = "wasi"))]
pub use lifetime::*;
pub use pool::*;
pub use pool_aborts::*;
pub use pool_ends::*;
pub use pool_faults::*;
pub use pool_join::*;
pub use pool_limits::*;
pub use pool_maps::*;
pub use pool_nested::*;
pub use pool_resize::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use pool_shared::*;
pub use pool_soak::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use pool_trace::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use pool_web::*;
#[cfg(not(target_os = "wasi"))]
pub use threads::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
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

/// Calls a macro with the name of each body of a pool that runs everywhere.
#[macro_export]
macro_rules! pool_bodies {
    ($each:ident) => {
        $each! {
            each_of_many_jobs_gives_its_own_value
            a_pool_has_as_many_workers_as_it_was_told
            a_pools_async_jobs_overlap_on_one_worker
            an_endless_job_leaves_the_rest_to_the_other_worker
            a_dropped_handle_detaches_its_pools_job
            join_gives_what_both_jobs_give
            the_first_error_of_a_join_aborts_the_other_job
            a_dropped_join_aborts_both_jobs
            broadcast_runs_once_on_each_worker
            a_panic_in_a_broadcast_is_its_workers_own
            a_dropped_broadcast_aborts_its_jobs
            a_pool_counts_what_its_workers_do
            an_idle_worker_steals_what_a_job_spawns
            without_stealing_a_jobs_jobs_run_on_its_own_worker
            a_pools_jobs_send_through_a_channel
            the_stream_of_a_job_that_waits_in_a_pool_ends_with_its_abort
            buffers_travel_to_a_pools_jobs_and_back
            a_result_of_200_mb_comes_back
            a_bounded_queue_gives_back_what_it_has_no_room_for
            who_waits_for_room_is_served_in_order
            an_aborted_job_that_waits_makes_room
            who_stops_waiting_for_room_spawns_nothing
            jobs_of_jobs_need_no_room
            an_ended_pool_keeps_nobody_waiting_for_room
            what_is_urgent_runs_first_and_what_is_in_the_background_last
            nothing_starves_behind_what_is_urgent
            a_map_in_the_background_lets_others_by
            a_pools_jobs_of_all_priorities_give_their_values
            a_pool_that_grows_has_its_new_workers
            a_pool_that_shrinks_loses_no_job
            async_jobs_of_a_worker_that_leaves_go_on_to_their_end
            a_pool_that_is_resized_again_and_again_loses_no_job
            what_was_broadcast_to_a_worker_that_leaves_is_run
            a_job_knows_how_many_workers_its_pool_has_now
            a_pool_cannot_be_resized_to_nothing
            a_worker_without_jobs_ends_and_the_next_job_starts_one_anew
            so_many_workers_are_kept
            a_worker_whose_async_job_awaits_something_is_not_idle
            an_ended_pool_starts_no_worker_anew
            a_worker_is_replaced_after_so_many_jobs
            a_worker_is_not_replaced_while_its_async_job_awaits_something
            what_is_broadcast_is_run_by_whichever_worker_comes
            map_gives_its_results_in_the_order_of_the_items
            a_maps_stream_gives_each_result_with_its_place
            a_map_over_nothing_is_there_at_once
            a_map_over_a_million_items_gives_a_million_results
            maps_and_jobs_of_one_pool_are_not_mixed
            a_panic_in_a_mapped_function_fails_its_own_item
            a_panic_in_a_mapped_function_is_the_futures_error
            a_dropped_map_aborts_what_is_left_of_it
            a_dropped_stream_aborts_what_is_left_of_its_map
            a_maps_context_comes_to_each_worker_once
            a_buffer_in_a_maps_context_comes_to_each_worker
            each_worker_has_the_context_of_its_map
            a_worker_that_takes_a_dead_ones_place_gets_the_context
            buffers_are_items_and_results_of_a_map
            a_maps_results_may_have_buffers_or_not
            items_and_results_of_a_map_may_be_long_or_short
            senders_travel_in_the_items_of_a_map
            a_map_of_an_ended_pool_is_an_error
            a_job_awaits_a_thousand_jobs_three_levels_deep
            jobs_of_a_job_give_their_values_in_any_order
            jobs_map_on_their_own_pool
            a_mapped_function_spawns_onto_its_pool
            a_job_maps_with_a_context_of_its_own
            a_jobs_map_fails_item_by_item
            a_job_joins_two_of_its_own
            a_job_broadcasts_to_its_own_pool
            a_childs_panic_is_an_error_of_its_parent
            a_parent_aborts_its_children
            a_child_that_waits_is_never_begun_when_its_parent_aborts_it
            a_parents_dropped_map_aborts_what_is_left_of_it
            a_parents_dropped_map_of_buffers_aborts_what_is_left_of_it
            a_parent_that_panics_leaves_its_children_running
            there_is_a_current_pool_in_jobs_of_pools_only
            global_in_a_job_is_the_pool_of_the_job
            there_is_one_global_pool
            a_sender_goes_on_to_a_job_of_a_pools_job
            a_job_receives_from_its_own_jobs
            the_stream_of_a_child_that_waits_ends_with_its_abort
            buffers_travel_between_a_job_and_its_jobs
            a_job_ends_its_pool
            a_pool_of_no_workers_is_a_start_error
            a_panic_in_a_pools_on_start_is_a_start_error
            a_panic_of_a_pools_job_is_an_error_with_message_place_and_worker
            a_panic_spares_the_jobs_that_were_posted_with_it
            many_panics_spare_the_jobs_between_them
            a_panic_between_awaits_spares_the_jobs_that_had_no_turn
            an_aborted_job_that_waits_in_a_pool_is_never_begun
            aborting_an_endless_job_harms_no_other
            aborting_the_endless_jobs_of_all_workers_frees_the_pool
            an_aborted_async_job_of_a_pool_is_dropped_at_its_await
            a_pools_jobs_end_at_their_timeout
            a_timeout_of_an_async_job_spares_the_job_beside_it
            a_detached_error_of_a_pool_goes_to_on_unhandled
            on_start_runs_in_each_worker_of_a_pool_and_in_those_that_take_their_place
            what_was_posted_behind_an_aborted_endless_job_runs_once
            what_was_posted_behind_a_job_that_its_timeout_ends_runs_once
            what_was_posted_behind_an_aborted_job_runs_once_whenever_that_ends
            what_was_posted_behind_an_aborted_endless_async_job_runs_once
            what_is_suspended_beside_an_aborted_endless_job_is_lost_or_begins_again
            a_job_that_is_aborted_behind_an_endless_one_is_never_run_and_its_neighbours_are
            an_aborted_async_job_that_awaits_keeps_its_worker
            without_a_grace_an_aborted_job_keeps_its_worker_and_holds_nothing_up
            a_worker_whose_aborted_job_ends_within_its_grace_goes_on
            shutdown_cancels_what_waits_and_what_runs
            a_pool_that_has_ended_refuses_jobs
            a_dropped_pool_cancels_what_waits_and_what_runs
            a_clone_keeps_its_pool
            the_streams_of_an_ended_pools_jobs_end
            dropping_the_start_of_a_pool_is_no_harm
            a_pool_made_in_a_job_works_and_ends_with_it
            pools_that_come_and_go_leave_nothing_behind
            a_job_parts_itself_into_a_tree_of_halves
            many_jobs_part_themselves_at_once
            items_of_a_map_part_themselves
            halves_sort_what_their_job_was_given
            what_a_half_takes_and_gives_may_be_short_or_long
            a_buffer_goes_to_a_half_and_back
            three_hundred_halves_lie_in_one_another
            a_panic_of_either_half_is_its_jobs
            a_panic_deep_in_a_tree_is_its_jobs
            async_and_broadcast_jobs_part_themselves
            a_half_spawns_onto_its_pool
            a_sender_goes_to_a_half
            an_aborted_job_ends_with_both_its_halves
            an_async_half_is_refused
            elsewhere_the_halves_follow_one_another
        }
    };
}

/// The same, where values must be encoded on their way. Natively they are in builds with debug assertions.
#[macro_export]
macro_rules! pool_encoding_bodies {
    ($each:ident) => {
        $each! {
            an_item_of_a_map_that_cannot_travel_fails_by_itself
            a_result_of_a_map_that_cannot_travel_fails_by_itself
            a_context_that_cannot_travel_fails_each_item
            a_context_that_cannot_travel_spares_the_jobs_beside_it
            an_argument_or_result_of_a_pools_job_that_cannot_travel_is_an_error
            a_half_that_cannot_travel_fails_its_job
        }
    };
}

/// The same, for those that need a browser.
#[macro_export]
macro_rules! pool_web_bodies {
    ($each:ident) => {
        $each! {
            a_traced_pools_jobs_are_in_the_timeline_by_name_and_worker
            a_pool_that_is_not_traced_is_not_in_the_timeline
            a_worker_whose_memory_has_grown_is_replaced
            a_job_cannot_resize_its_pool
            pools_and_what_they_give_are_send_and_sync
            a_pool_whose_glue_is_missing_is_a_start_error
            a_trap_in_a_pool_is_its_jobs_error
            a_trap_spares_the_async_jobs_of_other_workers
            jobs_behind_one_that_closes_its_worker_run_once
            items_behind_one_that_closes_its_worker_run_once
            an_idempotent_job_of_a_pool_begins_again_in_the_next_worker
            a_parent_that_is_killed_leaves_its_children_running
            what_waits_for_a_worker_that_cannot_be_replaced_ends
            what_cannot_be_cloned_fails_by_itself
            js_values_are_items_and_results_of_a_map
            a_workers_context_is_dropped_with_its_map
            a_context_that_can_only_be_handed_over_is_an_error
            an_owner_that_is_busy_for_longer_than_the_grace_hears_first
            a_posted_job_that_is_aborted_behind_a_long_one_is_never_run
            a_posted_job_with_a_buffer_is_lost_with_its_worker_and_says_so
            a_half_has_what_a_worker_has
            a_js_value_goes_to_a_half_in_place
            a_pool_says_which_way_its_jobs_travel
            shared_memory_that_cannot_be_had_is_a_start_error_that_says_why
            workers_go_on_while_their_owner_is_blocked
            a_tree_of_halves_ends_while_its_owner_is_blocked
            five_thousand_jobs_go_one_by_one
            short_jobs_that_share_a_place_are_given_up_on_one_by_one
            more_jobs_wait_than_shared_memory_holds
            what_goes_through_shared_memory_may_be_short_or_long
            results_that_nobody_collects_find_room_or_go_by_message
            what_dies_at_shared_work_takes_nothing_else_along
            a_joined_worker_that_dies_fails_its_joiner_alone
            a_worker_that_is_ended_with_stolen_work_loses_none
            a_parked_worker_that_closes_is_replaced
            workers_that_are_killed_while_they_are_parked_are_replaced
            what_a_sharing_pool_has_ends_with_its_owner
            workers_without_locks_that_are_killed_are_noticed_by_their_silence
            a_checkpoint_ends_an_aborted_job_at_once
            a_checkpoint_ends_an_aborted_job_that_was_posted_too
            a_job_that_is_aborted_before_its_worker_is_known_to_be_up_keeps_no_worker
            an_aborted_job_takes_its_stolen_half_along
            a_stolen_half_whose_joiner_is_gone_has_its_grace
            a_sharing_worker_is_replaced_after_each_job
            a_sharing_pool_grows_and_shrinks_under_load
            a_worker_without_shared_memory_ends_when_it_has_nothing_to_do_too
            what_is_laid_goes_by_message_where_no_worker_is_left_that_takes_it
            a_sharing_pool_that_ends_settles_all_that_it_had
        }
    };
}

/// Calls a macro with the name of each body that a WASI guest runs, whose pool is its host's. Left out is what asks for a number
/// of workers, counts what a worker does or keeps, has two jobs meet in one instance, or starts a thread.
#[macro_export]
macro_rules! hosted_bodies {
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
            a_job_may_give_a_result_of_its_own
            large_values_travel
            a_buffer_travels_both_ways
            buffers_travel_inside_other_values
            a_buffer_outside_a_job_does_not_serialize
            json_carries_what_describes_itself
            a_thread_that_checks_payloads_refuses_what_cannot_travel
            progress_of_a_job_that_never_yields_arrives_while_it_runs
            what_a_job_sends_is_there_before_its_result
            jobs_of_several_threads_send_to_one_receiver
            a_sender_goes_on_to_a_job_of_a_job
            a_sender_works_where_it_was_made
            a_dropped_receiver_does_not_stop_the_job
            a_length_that_does_not_divide_is_an_error
            a_buffer_taken_twice_is_an_error
            a_buffer_that_did_not_come_is_an_error
            a_buffer_that_nobody_takes_is_an_error
            what_json_cannot_carry_is_an_error_that_says_why
            an_item_that_does_not_encode_is_an_error_of_its_send
            an_item_that_does_not_decode_is_an_error_in_the_stream
            a_sender_in_a_result_is_an_error
            a_sender_through_a_channel_is_an_error
            each_of_many_jobs_gives_its_own_value
            an_endless_job_leaves_the_rest_to_the_other_worker
            join_gives_what_both_jobs_give
            the_first_error_of_a_join_aborts_the_other_job
            a_dropped_join_aborts_both_jobs
            a_dropped_broadcast_aborts_its_jobs
            a_pools_jobs_send_through_a_channel
            the_stream_of_a_job_that_waits_in_a_pool_ends_with_its_abort
            buffers_travel_to_a_pools_jobs_and_back
            a_bounded_queue_gives_back_what_it_has_no_room_for
            an_aborted_job_that_waits_makes_room
            who_stops_waiting_for_room_spawns_nothing
            jobs_of_jobs_need_no_room
            an_ended_pool_keeps_nobody_waiting_for_room
            a_map_in_the_background_lets_others_by
            a_pools_jobs_of_all_priorities_give_their_values
            map_gives_its_results_in_the_order_of_the_items
            a_maps_stream_gives_each_result_with_its_place
            a_map_over_nothing_is_there_at_once
            maps_and_jobs_of_one_pool_are_not_mixed
            a_panic_in_a_mapped_function_fails_its_own_item
            a_maps_context_comes_to_each_worker_once
            a_buffer_in_a_maps_context_comes_to_each_worker
            each_worker_has_the_context_of_its_map
            a_worker_that_takes_a_dead_ones_place_gets_the_context
            buffers_are_items_and_results_of_a_map
            a_maps_results_may_have_buffers_or_not
            items_and_results_of_a_map_may_be_long_or_short
            senders_travel_in_the_items_of_a_map
            a_map_of_an_ended_pool_is_an_error
            jobs_of_a_job_give_their_values_in_any_order
            jobs_map_on_their_own_pool
            a_mapped_function_spawns_onto_its_pool
            a_job_maps_with_a_context_of_its_own
            a_jobs_map_fails_item_by_item
            a_job_joins_two_of_its_own
            a_childs_panic_is_an_error_of_its_parent
            a_parent_aborts_its_children
            there_is_one_global_pool
            a_sender_goes_on_to_a_job_of_a_pools_job
            a_job_receives_from_its_own_jobs
            the_stream_of_a_child_that_waits_ends_with_its_abort
            buffers_travel_between_a_job_and_its_jobs
            a_pool_of_no_workers_is_a_start_error
            a_panic_spares_the_jobs_that_were_posted_with_it
            many_panics_spare_the_jobs_between_them
            a_panic_between_awaits_spares_the_jobs_that_had_no_turn
            an_aborted_job_that_waits_in_a_pool_is_never_begun
            aborting_an_endless_job_harms_no_other
            aborting_the_endless_jobs_of_all_workers_frees_the_pool
            a_detached_error_of_a_pool_goes_to_on_unhandled
            what_was_posted_behind_an_aborted_endless_job_runs_once
            what_was_posted_behind_a_job_that_its_timeout_ends_runs_once
            what_was_posted_behind_an_aborted_job_runs_once_whenever_that_ends
            what_was_posted_behind_an_aborted_endless_async_job_runs_once
            shutdown_cancels_what_waits_and_what_runs
            a_pool_that_has_ended_refuses_jobs
            a_dropped_pool_cancels_what_waits_and_what_runs
            dropping_the_start_of_a_pool_is_no_harm
            pools_that_come_and_go_leave_nothing_behind
            an_item_of_a_map_that_cannot_travel_fails_by_itself
            a_result_of_a_map_that_cannot_travel_fails_by_itself
            a_context_that_cannot_travel_fails_each_item
            a_context_that_cannot_travel_spares_the_jobs_beside_it
            an_argument_or_result_of_a_pools_job_that_cannot_travel_is_an_error
            a_job_parts_itself_into_a_tree_of_halves
            many_jobs_part_themselves_at_once
            items_of_a_map_part_themselves
            halves_sort_what_their_job_was_given
            what_a_half_takes_and_gives_may_be_short_or_long
            a_buffer_goes_to_a_half_and_back
            three_hundred_halves_lie_in_one_another
            a_panic_of_either_half_is_its_jobs
            a_panic_deep_in_a_tree_is_its_jobs
            a_half_spawns_onto_its_pool
            a_sender_goes_to_a_half
            an_aborted_job_ends_with_both_its_halves
            an_async_half_is_refused
            elsewhere_the_halves_follow_one_another
            a_half_that_cannot_travel_fails_its_job
        }
    };
}

/// Calls a macro with the name of each body that runs once in each engine, and not in every setting.
#[macro_export]
macro_rules! soak_bodies {
    ($each:ident) => {
        $each! {
            every_handle_settles_whatever_dies
        }
    };
}

/// Calls a macro with the name of each body of the surface of 0.1, which is there in a browser.
#[macro_export]
macro_rules! compat_bodies {
    ($each:ident) => {
        $each! {
            exec_gives_what_its_closure_gives
            exec_awaits_an_async_closure
            the_methods_of_exec_take_serde_closures
            init_borrows_and_and_init_moves
            exec_takes_whatever_is_a_thread
            exec_and_spawn_share_a_thread
            nothing_is_sent_before_it_is_awaited
            what_is_awaited_together_comes_back_each_with_its_own
            a_dropped_exec_leaves_its_closure_running
            get_id_gives_what_set_id_set
            get_busy_gives_what_set_busy_set
            executors_are_made_of_threads
            a_closure_has_threads_of_its_own
            a_closure_takes_structs_strings_vecs_and_options_along
            a_closure_takes_buffers_js_values_and_senders_along
            a_closure_takes_what_is_not_send_along
            a_generic_function_runs_closures_over_its_types
            mt_closures_are_bounds_of_a_programs_own
            bytes_come_back_as_a_typed_array
            a_closures_own_error_comes_back_as_it_is
            a_closure_that_panics_is_an_error
            a_panic_spares_what_is_awaited_behind_it
            a_closure_that_traps_is_an_error
            a_result_that_cannot_be_cloned_is_an_error
            a_capture_that_cannot_travel_is_an_error
            a_terminated_thread_refuses_exec
            terminate_cancels_what_is_awaited
            a_thread_that_is_terminated_while_it_starts_is_an_error
            a_dropped_thread_ends_its_worker
            a_thread_that_was_not_initialized_is_an_error
            a_second_init_is_an_error
            a_builder_that_was_not_initialized_is_an_error
            a_wrong_url_is_an_error
            an_init_that_failed_may_be_tried_again
            inits_of_a_thread_that_are_awaited_together_all_end
            a_worker_that_closes_itself_is_an_error
            a_thread_is_not_cancelled_by_what_nobody_awaits
            exec_js_gives_what_its_text_returns
            exec_js_async_awaits_its_text
            texts_of_a_thread_share_its_globals
            what_a_text_throws_comes_back_as_it_is
            what_an_async_text_rejects_with_comes_back_as_it_is
            a_text_that_does_not_parse_is_an_error
            a_texts_value_that_cannot_be_cloned_is_an_error
            texts_and_closures_run_in_the_order_of_their_awaiting
            run_js_runs_where_it_is_called
            run_js_async_awaits_where_it_is_called
            sleep_takes_its_milliseconds
            threads_are_made_of_array_buffers
            init_fetches_nothing
            an_array_buffer_is_compiled_once
            a_thread_made_of_array_buffers_gets_another_worker
            a_thread_is_made_of_array_buffers
            set_ab_init_gives_a_thread_its_glue
            set_ab_wasm_gives_a_thread_its_module
            array_buffers_that_are_no_glue_are_an_error
            array_buffers_that_are_no_module_are_an_error
            an_ab_init_that_gives_no_glue_is_an_error
            a_counter_counts
            perf_to_system_counts_from_the_epoch
            texts_and_buffers_become_each_other
            files_are_fetched
            console_ln_and_debug_ln_write_to_the_console
            a_pool_executes_closures_and_calls_back
            the_methods_of_a_pool_take_serde_closures
            a_pool_executes_javascript_text
            what_has_no_callback_runs_all_the_same
            a_pools_init_borrows_and_and_init_moves
            pool_exec_takes_whatever_is_a_pool_and_a_callback
            each_callback_is_called_once_in_the_thread_that_gave_it
            a_callback_may_hand_over_more_and_drop_the_pool
            count_pending_jobs_counts_what_waits_for_a_worker
            both_surfaces_share_a_pool
            a_job_hands_closures_to_its_own_pool
            a_pool_is_made_of_array_buffers
            a_pools_array_buffer_is_compiled_once
            what_a_pool_is_given_while_it_compiles_waits
            set_ab_init_gives_a_pool_its_glue
            array_buffers_that_are_no_glue_are_an_error_of_a_pool
            array_buffers_that_are_no_module_are_an_error_of_a_pool
            a_closures_own_error_goes_to_its_callback
            a_pools_closure_that_panics_is_an_error
            what_a_pools_text_throws_goes_to_its_callback
            what_cannot_travel_goes_to_a_pools_callback
            what_goes_wrong_without_a_callback_is_told
            a_pool_that_was_not_initialized_calls_back_with_an_error
            a_pool_of_size_0_is_an_error_of_its_init
            a_second_init_of_a_pool_is_an_error
            a_dropped_init_leaves_its_pool_starting
            a_wrong_url_is_an_error_of_a_pool_and_its_jobs
            a_pools_init_that_failed_may_be_tried_again
            callbacks_are_called_when_their_pool_is_dropped
            a_pool_that_has_ended_calls_back_with_an_error
            a_pool_that_ends_while_it_starts_is_an_error
            a_full_pool_calls_back_with_an_error
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

/// The same.
#[cfg(doctest)]
#[doc = include_str!("../../docs/shared-memory.md")]
mod shared_memory {}

/// The same, on the web only.
#[cfg(all(doctest, all(target_family = "wasm", target_os = "unknown")))]
#[doc = include_str!("../../docs/migration.md")]
mod migration {}
