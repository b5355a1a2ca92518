;; A guest by hand: each job is what the first number of its kind says. Its record is read to 1024; arguments and results are one byte, or
;; whatever comes, as they are.
(module
  (import "wasm_mt" "payload" (func $payload (param i32)))
  (import "wasm_mt" "result" (func $result (param i32 i32 i32)))
  (import "wasm_mt" "panicked" (func $panicked (param i32 i32)))
  (import "wasm_mt" "spawn" (func $spawn (param i32 i32 i32 i32) (result i64)))
  (import "wasm_mt" "wait" (func $wait (param i64) (result i32)))
  (import "wasm_mt" "poll" (func $poll (result i32)))
  (import "wasm_mt" "take" (func $take (param i32)))
  (import "wasm_mt" "cancel" (func $cancel (param i64)))
  (import "wasm_mt" "detach" (func $detach (param i64)))
  (import "wasm_mt" "checkpoint" (func $checkpoint))
  (import "wasm_mt" "workers" (func $workers (result i32)))
  (import "wasm_mt" "stats" (func $stats (result i32)))
  (import "wasm_mt" "share" (func $share (param i32 i32) (result i64)))
  (import "wasm_mt" "shared" (func $shared (param i64) (result i32)))
  (import "wasm_mt" "unshare" (func $unshare (param i64)))
  (import "test" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 2)
  (global $runs (mut i32) (i32.const 0))
  (global $made (mut i32) (i32.const 0))

  ;; Kinds, 16 bytes each.
  (data (i32.const 0) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 16) "\01\00\00\00")
  (data (i32.const 32) "\02\00\00\00")
  (data (i32.const 48) "\03\00\00\00")
  (data (i32.const 64) "\04\00\00\00")
  (data (i32.const 80) "\05\00\00\00")
  (data (i32.const 96) "\06\00\00\00")
  (data (i32.const 112) "\07\00\00\00")
  (data (i32.const 128) "\08\00\00\00")
  (data (i32.const 144) "\09\00\00\00")
  (data (i32.const 160) "\0a\00\00\00")
  (data (i32.const 176) "\0b\00\00\00")
  (data (i32.const 192) "\0c\00\00\00")
  (data (i32.const 208) "\0d\00\00\00")
  (data (i32.const 224) "\0e\00\00\00")
  (data (i32.const 240) "\0f\00\00\00")
  (data (i32.const 256) "\10\00\00\00")
  (data (i32.const 272) "\11\00\00\00")
  (data (i32.const 288) "\12\00\00\00")
  (data (i32.const 304) "\13\00\00\00")
  (func (export "wasm_mt_job_empty") (result i32) (i32.const 0))
  (func (export "wasm_mt_job_echo") (result i32) (i32.const 16))
  (func (export "wasm_mt_job_trap") (result i32) (i32.const 32))
  (func (export "wasm_mt_job_spin") (result i32) (i32.const 48))
  (func (export "wasm_mt_job_recurse") (result i32) (i32.const 64))
  (func (export "wasm_mt_job_grow") (result i32) (i32.const 80))
  (func (export "wasm_mt_job_large") (result i32) (i32.const 96))
  (func (export "wasm_mt_job_lie") (result i32) (i32.const 112))
  (func (export "wasm_mt_job_twice") (result i32) (i32.const 128))
  (func (export "wasm_mt_job_silent") (result i32) (i32.const 144))
  (func (export "wasm_mt_job_panic") (result i32) (i32.const 160))
  (func (export "wasm_mt_job_wait") (result i32) (i32.const 176))
  (func (export "wasm_mt_job_parent") (result i32) (i32.const 192))
  (func (export "wasm_mt_job_host") (result i32) (i32.const 208))
  (func (export "wasm_mt_job_count") (result i32) (i32.const 224))
  (func (export "wasm_mt_job_checks") (result i32) (i32.const 240))
  (func (export "wasm_mt_job_patient") (result i32) (i32.const 256))
  (func (export "wasm_mt_job_sleeper") (result i32) (i32.const 272))
  (func (export "wasm_mt_job_orphans") (result i32) (i32.const 288))
  (func (export "wasm_mt_job_shares") (result i32) (i32.const 304))

  ;; A panic of the text "oh no" at "a.rs:1:2" in worker 0.
  (data (i32.const 512) "\05\00\00\00oh no\08\00\00\00a.rs:1:2\00\00\00\00")

  (func (export "wasm_mt_abi") (result i32)
    (global.set $made (i32.add (global.get $made) (i32.const 1)))
    (i32.const 1))

  (func (export "empty"))

  ;; The arguments' value, after the head of the record.
  (func $echo (param $len i32)
    (call $result (i32.const 0) (i32.const 1052) (i32.sub (local.get $len) (i32.const 28))))

  ;; Gives a byte.
  (func $give (param $byte i32)
    (i32.store (i32.const 700) (i32.const 0))
    (i32.store8 (i32.const 704) (local.get $byte))
    (call $result (i32.const 0) (i32.const 700) (i32.const 5)))

  (func $recurse (param $n i64) (result i64)
    (i64.add (call $recurse (i64.add (local.get $n) (i64.const 1))) (i64.const 1)))

  ;; Spawns a job of the kind that the byte among its arguments names, with that byte as its own argument.
  (func $child (param $len i32) (result i64)
    (i32.store (i32.const 1024) (i32.load8_u (i32.const 1056)))
    (call $spawn (i32.const 1024) (local.get $len) (i32.const 0) (i32.const -1)))

  (func (export "wasm_mt_run") (param $len i32)
    (local $job i32)
    (local $id i64)
    (call $payload (i32.const 1024))
    (local.set $job (i32.load (i32.const 1024)))
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    (block $empty (block $echo (block $trap (block $spin (block $recurse (block $grow (block $large (block $lie (block $twice
    (block $silent (block $panic (block $wait (block $parent (block $host (block $count (block $checks (block $patient
    (block $sleeper (block $orphans (block $shares
      (br_table $empty $echo $trap $spin $recurse $grow $large $lie $twice $silent $panic $wait $parent $host $count $checks $patient
        $sleeper $orphans $shares (local.get $job)))
      ;; shares
      (local.set $id (call $share (i32.const 1024) (i32.const 8)))
      (call $give (call $shared (local.get $id)))
      (call $unshare (local.get $id))
      (if (i32.ne (call $shared (local.get $id)) (i32.const -1)) (then (unreachable)))
      (return))
      ;; orphans: a child that nobody waits for.
      (drop (call $child (local.get $len)))
      (call $give (i32.const 1))
      (return))
      ;; sleeper: so many milliseconds.
      (drop (call $wait (i64.mul (i64.extend_i32_u (i32.load8_u (i32.const 1056))) (i64.const 1000000))))
      (call $give (i32.const 7))
      (return))
      ;; patient: ends as cancelled when it is told to.
      (loop $on
        (drop (call $wait (i64.const -1)))
        (call $take (i32.const 2048))
        (br_if $on (i32.ne (i32.load (i32.const 2048)) (i32.const 4))))
      (drop (call $host (i32.const 99)))
      (call $result (i32.const 1) (i32.const 0) (i32.const 0))
      (return))
      ;; checks
      (loop $on (call $checkpoint) (br $on)))
      ;; count: how many jobs this instance has run, and that its constructors have run once.
      (if (i32.ne (global.get $made) (i32.const 1)) (then (unreachable)))
      (call $give (global.get $runs))
      (return))
      ;; host
      (call $give (call $host (i32.load8_u (i32.const 1056))))
      (return))
      ;; parent: gives what its child gave.
      (drop (call $child (local.get $len)))
      (drop (call $wait (i64.const -1)))
      (call $take (i32.const 2048))
      (if (i32.ne (i32.load (i32.const 2048)) (i32.const 0)) (then (unreachable)))
      (call $result (i32.load (i32.const 2060)) (i32.const 2068) (i32.load (i32.const 2064)))
      (return))
      ;; wait
      (drop (call $wait (i64.const -1)))
      (unreachable))
      ;; panic
      (call $panicked (i32.const 512) (i32.const 25))
      (unreachable))
      ;; silent
      (return))
      ;; twice
      (call $give (i32.const 1))
      (call $give (i32.const 2))
      (return))
      ;; lie
      (call $result (i32.const 0) (i32.const -16) (i32.const 64))
      (return))
      ;; large
      (call $result (i32.const 0) (i32.const 0) (i32.const 100000))
      (return))
      ;; grow
      (drop (memory.grow (i32.const 1000)))
      (call $give (i32.const 1))
      (return))
      ;; recurse
      (drop (call $recurse (i64.const 0)))
      (return))
      ;; spin
      (loop $on (br $on)))
      ;; trap
      (unreachable))
      ;; echo
      (call $echo (local.get $len))
      (return))
    ;; empty
    (call $result (i32.const 0) (i32.const 704) (i32.const 4)))
)
