//! figures
use super::load::*;
use super::random::Random;
use super::world::World;

fn skewed(order: &str, scale: f64, seed: u64) -> Vec<f64> {
    let short = scale / 580.0;
    let mut costs = vec![short; 200];
    for i in 0..20 {
        let at = match order { "first" => i, "last" => 180 + i, "middle" => 90 + i, "strided" => i * 10, _ => i };
        costs[at] = short * 20.0;
    }
    if order == "random" { Random::new(seed).shuffle(&mut costs); }
    costs
}

#[test]
fn explore() {
    for tick in [5.0, 100.0, 1000.0] {
        for total in [500_000.0, 50_000.0, 5_000.0] {
            print!("tick {tick} total {total}: ");
            for order in ["first", "last", "middle", "strided"] {
                let r = World::run(Load::new(2, tick).map(&skewed(order, total, 0))).unwrap();
                print!("{order} {:.3} ", r.makespan / total * 2.0);
            }
            let mut all: Vec<f64> = (0..20).map(|s| World::run(Load::new(2, tick).map(&skewed("random", total, s))).unwrap().makespan / total * 2.0).collect();
            all.sort_by(f64::total_cmp);
            println!("random {:.3} worst {:.3}", all[10], all[19]);
        }
        let r = World::run(Load::new(2, tick).map(&vec![0.3; 10_000])).unwrap();
        let mut b = Load::new(2, tick);
        b.events.push((0.0, Event::Comes((0..10_000).map(|i| Group::Spawn(Job { kind: i, ..Job::new(0.3) })).collect())));
        let b = World::run(b).unwrap();
        println!("10k empty: {} messages {:.0} us, ratio {:.1}; owner bound ratio {:.1}", r.frames, r.makespan, b.makespan / r.makespan, 85_000.0 / r.makespan);
        let r = World::run(Load::new(2, tick).spawns(&vec![0.3; 10_000])).unwrap();
        println!("10k empty spawned: {} messages {:.0} us, ratio {:.1}", r.frames, r.makespan, b.makespan / r.makespan);
        let bands: Vec<f64> = (0..40).map(|i| { let x = (i as f64 - 19.5) / 20.0; 1000.0 + 11000.0 * (-x * x * 6.0).exp() }).collect();
        let sum: f64 = bands.iter().sum();
        let r = World::run(Load::new(2, tick).map(&bands)).unwrap();
        println!("julia {:.3}", r.makespan / sum * 2.0);
        for n in [1280, 6400, 12_800] {
            for c in [1000.0, 100.0] {
            let r = World::run(Load::new(128, tick).map(&vec![c; n])).unwrap();
            print!("128 workers {n} of {c}: {:.3} {} frames; ", r.makespan / (n as f64 * c / 128.0), r.frames);
            }
        }
        println!();
        for w in [4, 8, 16, 32, 64] {
            for c in [20.0, 100.0, 1000.0] {
                let n = w * 100;
                let r = World::run(Load::new(w, tick).map(&vec![c; n])).unwrap();
                print!("{w} of {c}: {:.3} ({}); ", r.makespan / (n as f64 * c / w as f64), r.frames);
            }
        }
        println!();
        // late owner
        let mut l = Load::new(2, tick).map(&vec![100.0; 20_000]);
        for i in 0..60 { l.events.push((i as f64 * 16_000.0, Event::Busy(6000.0))); }
        let r = World::run(l).unwrap();
        println!("late owner {:.3}", r.makespan / (100.0 * 10_000.0));
    }
}
