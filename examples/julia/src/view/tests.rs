use super::*;

const JSON: &str = r#"{"width":20,"height":10,"re":0.1,"im":-0.2,"step":0.013,"c_re":-0.8,"c_im":0.156,"iterations":200,"palette":"plum"}"#;

#[test]
fn a_view_reads_as_it_is_written() {
    let view = View::from_json(JSON).unwrap();
    assert_eq!(view.palette, Palette::Plum);
    let odd = View {
        re: 0.1 + 0.2,
        step: 1.0 / 3.0e9,
        ..view
    };
    assert_eq!(View::from_json(&odd.to_json()).unwrap(), odd);
    assert_eq!(
        View::from_fragment(&format!("#{}", odd.fragment()), 20, 10),
        Some(odd)
    );
}

#[test]
fn bad_views_are_refused() {
    let bad = [
        ("20", "0"),
        ("20", "4097"),
        ("20", "-1"),
        ("0.013", "0"),
        ("0.013", "1e-300"),
        ("0.013", "-0.1"),
        ("0.1", "NaN"),
        ("0.1", "null"),
        ("0.1", "1e999"),
        ("-0.2", "9"),
        ("-0.8", "\"x\""),
        ("200", "0"),
        ("200", "1000000000"),
        ("\"plum\"", "\"mud\""),
        ("\"width\"", "\"wide\""),
    ];
    for (value, instead) in bad {
        let json = JSON.replacen(value, instead, 1);
        assert!(render_view(&json).is_err(), "{json}");
    }
    assert!(render_view("").is_err());
    let nan = View {
        im: f64::NAN,
        ..View::from_json(JSON).unwrap()
    };
    assert!(nan.check().is_err());
}

#[test]
fn a_view_renders_as_the_renderer_does() {
    let (width, height, rgba) = render_view(JSON).unwrap();
    assert_eq!((width, height, rgba.len()), (20, 10, 20 * 10 * 4));
    let view = View::from_json(JSON).unwrap();
    assert_eq!(rgba, julia::render(&view.picture()));
}

#[test]
fn the_zoomed_pixel_stays_where_it_is() {
    let view = View::whole(400, 300, (-0.8, 0.156)).moved(13.0, -40.0);
    let at = |view: &View| {
        (
            view.re + (90.0 - 200.0) * view.step,
            view.im - (20.0 - 150.0) * view.step,
        )
    };
    let (before, after) = (at(&view), at(&view.zoomed(90.0, 20.0, 7.0)));
    assert!((before.0 - after.0).abs() < 1e-12 && (before.1 - after.1).abs() < 1e-12);
}

#[test]
fn the_way_to_another_view_is_the_one_that_was_gone() {
    let near = |(times, (right, down)): (f64, (f64, f64)), wanted: [f64; 3]| {
        let gone = [times, right, down];
        let off = gone.iter().zip(wanted).map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f64::max) < 1e-6, "{gone:?} and {wanted:?}");
    };
    let view = View::whole(400, 300, (-0.8, 0.156));
    near(view.way_to(&view.moved(13.0, -40.0)), [1.0, 13.0, -40.0]);
    near(
        view.way_to(&view.zoomed(90.0, 20.0, 7.0)),
        [7.0, -540.0, -120.0],
    );
    // The middle goes no farther than to the edge.
    let edge = -8.0 / view.step;
    near(view.way_to(&view.moved(-1e9, 5.0)), [1.0, edge, 5.0]);
}

#[test]
fn no_way_leads_to_a_view_that_is_not_sound() {
    let mut view = View::whole(1200, 10, (-0.8, 0.156));
    for times in [1e-30, 1e30, 0.5] {
        for _ in 0..50 {
            view = view.zoomed(3.0, 4.0, times).moved(1e9, -1e9);
            view.check().unwrap();
            view.sized(0, 9999).check().unwrap();
        }
    }
}

#[test]
fn a_coarse_picture_begins_in_the_same_corner() {
    let view = View::whole(100, 61, (0.3, 0.5)).moved(3.0, 5.0);
    let coarse = view.coarse(8);
    assert_eq!((coarse.width, coarse.height), (13, 8));
    let left = view.re - 50.0 * view.step;
    let top = view.im + 30.5 * view.step;
    assert!((coarse.centre.0 - 6.5 * coarse.step - left).abs() < 1e-12);
    assert!((coarse.centre.1 + 4.0 * coarse.step - top).abs() < 1e-12);
}

#[test]
fn an_address_that_keeps_no_view_gives_none() {
    let good = View::from_json(JSON).unwrap().fragment();
    assert!(View::from_fragment(&good, 640, 480).is_some());
    for bad in ["", "#", "#about", "#re=1", &good.replace("plum", "mud")] {
        assert_eq!(View::from_fragment(bad, 640, 480), None, "{bad}");
    }
}

#[test]
fn words_say_what_is_seen_and_how_close() {
    let view = View::whole(400, 300, (-0.8, 0.156));
    assert_eq!(
        view.words(),
        "the Julia set of z² + c, c = −0.8000 + 0.1560i, the whole of it"
    );
    let close = view.zoomed(0.0, 0.0, 1000.0).words();
    assert!(close.contains("1000 times enlarged about −1.6"), "{close}");
}
