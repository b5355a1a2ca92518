//! The host against guests that err, trap, lie and never end: each row in a process of its own, which must end well. After its
//! fault the same pool runs ordinary jobs, and nothing is left of what failed.

#[path = "faults/builds.rs"]
mod builds;
#[path = "faults/child.rs"]
mod child;
#[path = "faults/children.rs"]
mod children;
#[path = "faults/closes.rs"]
mod closes;
#[cfg(feature = "wasi")]
mod common;
#[path = "faults/ends.rs"]
mod ends;
#[path = "faults/ground.rs"]
mod ground;
#[path = "faults/guest.rs"]
mod guest;
#[path = "faults/imports.rs"]
mod imports;
#[path = "faults/lies.rs"]
mod lies;
#[path = "faults/resident.rs"]
mod resident;
#[cfg(feature = "wasi")]
#[path = "faults/rust.rs"]
mod rust;
#[path = "faults/settings.rs"]
mod settings;
#[path = "faults/stops.rs"]
mod stops;
#[path = "faults/stores.rs"]
mod stores;

macro_rules! rows {
    ($($module:ident: $($name:ident)*;)*) => {
        $($(
            #[test]
            fn $name() {
                child::run(stringify!($name), $module::$name);
            }
        )*)*
    };
}

rows! {
    builds:
        what_is_not_wasm
        an_empty_file
        a_component
        no_exports
        no_memory
        no_abi
        no_run
        exports_of_other_types
        imports_of_wasm_bindgen
        an_unknown_import
        an_import_of_another_type
        another_version
        an_abi_that_traps
        an_abi_that_never_ends
        a_start_function_that_traps
        a_start_function_that_never_ends
        more_memory_than_the_limit_at_once
        a_name_without_a_job
        imports_called_outside_of_a_job
        memories_of_other_kinds;
    ends:
        unreachable
        out_of_bounds
        divides_by_zero
        calls_a_function_of_another_type
        panics
        panics_and_goes_on
        memory_over_its_limit
        a_table_over_its_limit
        recursion_without_end
        recursion_through_the_host
        a_result_too_large
        fuel_runs_out
        fuel_is_given_anew
        a_store_that_failed_is_not_used_again;
    lies:
        of_where_a_result_lies
        of_where_a_panic_lies
        of_where_a_job_lies
        of_where_an_item_lies
        of_where_shared_bytes_lie
        of_where_the_payload_goes
        of_where_events_go
        a_take_without_a_count
        a_record_that_does_not_read
        a_result_that_does_not_read
        a_result_told_twice
        no_result_told
        a_spawn_for_a_worker_that_is_not_there
        of_what_is_not_its_own;
    children:
        spawning_without_end
        jobs_that_breed_without_end
        telling_without_end;
    imports:
        one_that_errs
        one_that_errs_as_another_job
        an_async_one_that_errs
        one_that_panics
        an_async_one_that_panics
        an_async_one_that_never_ends
        one_that_errs_while_an_instance_comes_up;
    stops:
        a_spinning_job_is_cancelled
        a_spinning_job_meets_its_deadline
        a_spinning_job_that_cannot_be_stopped
        spinning_jobs_keep_nobody_waiting
        a_job_that_ignores_its_abort
        a_child_that_ignores_its_abort
        a_parent_is_stopped_while_it_waits;
    closes:
        a_pool_shut_down_with_jobs
        a_pool_dropped_with_jobs
        pools_come_and_go
        a_handle_that_is_dropped
        children_of_whom_nobody_heard
        an_on_unhandled_that_panics
        a_handle_waited_for_on_a_worker
        no_job_of_this_name
        a_result_of_another_type
        an_argument_that_does_not_encode
        an_argument_that_panics
        a_pool_shut_down_by_a_job;
    settings:
        settings_of_zero
        settings_without_bounds
        deadlines_at_their_ends
        a_grace_without_end
        more_jobs_than_the_capacity;
    stores:
        one_store_and_a_child
        a_chain_longer_than_the_stores
        trees_in_few_stores
        a_tree_that_fits
        more_children_than_stores
        every_job_waits_for_a_child;
}

// The guest is built before the child's time begins.
#[cfg(feature = "wasi")]
macro_rules! rows_in_rust {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                common::in_rust();
                child::run(stringify!($name), rust::$name);
            }
        )*
    };
}

#[cfg(feature = "wasi")]
rows_in_rust! {
    a_panic_in_rust
    limits_in_rust
    stops_in_rust
    types_that_are_not_the_guests
    parents_stopped_in_rust
    parents_that_poll_in_rust
}
