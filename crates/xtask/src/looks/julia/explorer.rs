//! The explorer: each input once, then many without waiting, and the address that keeps the view.

use std::future::Future;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::view::{View, moved, zoomed};
use super::{Opened, Seen};
use crate::browser::Browser;
use crate::serve::Server;
use crate::webdriver::Session;
use crate::webdriver::input;

/// Uses the explorer as a person would. After each input the picture is the native one.
pub(in crate::looks) async fn check(
    session: &Session,
    server: &Server,
    browser: Browser,
) -> Result<String> {
    let page = Opened {
        session,
        server,
        browser,
    };
    let first = page.open("?workers=2").await?;
    let explorer = Explorer {
        page,
        first: first.view.clone(),
    };
    let seen = explorer.by_pointer(first).await.context("by pointer")?;
    let seen = explorer.by_keys(seen).await.context("by keys")?;
    let seen = explorer.by_buttons(seen).await.context("by buttons")?;
    let seen = explorer.by_fields(seen).await.context("by fields")?;
    let seen = explorer.by_pad(seen).await.context("on the pad")?;
    let seen = explorer.in_a_burst(seen).await.context("in a burst")?;
    explorer.page.has_not_complained().await?;
    explorer.keeps(&seen).await.context("opened anew")?;
    explorer.page.has_not_complained().await?;
    Ok(format!("{} views, each the native one", seen.generation))
}

struct Explorer<'a> {
    page: Opened<'a>,
    /// What the page shows when nothing else was asked for.
    first: View,
}

impl Explorer<'_> {
    /// What is seen after an input, which must be another view than before.
    async fn after(
        &self,
        what: &str,
        before: &Seen,
        input: impl Future<Output = Result<()>>,
    ) -> Result<Seen> {
        let seen = async {
            input.await?;
            self.page.at_rest(before.generation as i64).await
        };
        let seen = seen.await.with_context(|| what.to_owned())?;
        ensure!(
            seen.view != before.view,
            "{what} left the view: {:?}",
            seen.view
        );
        Ok(seen)
    }

    async fn by_pointer(&self, seen: Seen) -> Result<Seen> {
        let session = self.page.session;
        let rect = self.page.rect("#view").await?;
        let from = rect.at(0.5, 0.5);
        let by = (57.0, -33.0);
        let way = [
            from,
            (from.0 + 20.0, from.1 + 10.0),
            (from.0 + by.0, from.1 + by.1),
        ];
        let dragged = self.after("a drag", &seen, session.drag(&way)).await?;
        moved("a drag", &seen.view, &dragged.view, &rect, by)?;

        let at = rect.at(0.3, 0.4);
        let turn = session.wheel(at, &[-120, -120]);
        let closer = self.after("the wheel", &dragged, turn).await?;
        zoomed("the wheel", &dragged.view, &closer.view, &rect, at, true)?;

        let at = rect.at(0.7, 0.2);
        let turn = session.wheel(at, &[120]);
        let further = self.after("the wheel", &closer, turn).await?;
        zoomed("the wheel", &closer.view, &further.view, &rect, at, false)?;

        let at = rect.at(0.4, 0.6);
        let press = session.double_click(at);
        let doubled = self.after("a double click", &further, press).await?;
        zoomed(
            "a double click",
            &further.view,
            &doubled.view,
            &rect,
            at,
            true,
        )?;

        let at = rect.at(0.5, 0.5);
        let finger = |by: f64| [40.0, 60.0, 80.0].map(|way| (at.0 + by * way, at.1));
        let fingers = [finger(-1.0), finger(1.0)];
        let pinch = async {
            match self.page.browser {
                Browser::Webkit => session.pinch_by_script("#view", fingers).await,
                Browser::Chromium | Browser::Firefox => session.pinch(fingers).await,
            }
        };
        let pinched = self.after("two fingers", &doubled, pinch).await?;
        zoomed("two fingers", &doubled.view, &pinched.view, &rect, at, true)?;
        let ratio = pinched.view.step / doubled.view.step;
        ensure!(
            (0.45..0.55).contains(&ratio),
            "fingers twice as far apart leave {ratio} of the step"
        );
        Ok(pinched)
    }

    async fn by_keys(&self, mut seen: Seen) -> Result<Seen> {
        let session = self.page.session;
        session
            .run("document.querySelector('#view').focus()")
            .await?;
        let rect = self.page.rect("#view").await?;
        let tenth = |x: f64, y: f64| (x * rect.width / 10.0, y * rect.height / 10.0);
        // What the picture moves by is the other way than the view.
        for (key, by) in [
            (input::RIGHT, tenth(-1.0, 0.0)),
            (input::LEFT, tenth(1.0, 0.0)),
            (input::UP, tenth(0.0, 1.0)),
            (input::DOWN, tenth(0.0, -1.0)),
        ] {
            let what = format!("the key U+{:X}", u32::from(key));
            let after = self.after(&what, &seen, session.press(&[key])).await?;
            moved(&what, &seen.view, &after.view, &rect, by)?;
            seen = after;
        }
        for (key, closer) in [('+', true), ('=', true), ('-', false)] {
            let what = format!("the key {key}");
            let after = self.after(&what, &seen, session.press(&[key])).await?;
            let middle = (rect.left + rect.width / 2.0, rect.top + rect.height / 2.0);
            zoomed(&what, &seen.view, &after.view, &rect, middle, closer)?;
            seen = after;
        }
        let reset = self
            .after("the key 0", &seen, session.press(&['0']))
            .await?;
        ensure!(
            reset.view == self.first,
            "the key 0 shows {:?} and not {:?}",
            reset.view,
            self.first
        );
        Ok(reset)
    }

    async fn by_buttons(&self, seen: Seen) -> Result<Seen> {
        let session = self.page.session;
        let rect = self.page.rect("#view").await?;
        let middle = (rect.left + rect.width / 2.0, rect.top + rect.height / 2.0);
        let closer = self.after("#zoom-in", &seen, session.click("#zoom-in"));
        let closer = closer.await?;
        zoomed("#zoom-in", &seen.view, &closer.view, &rect, middle, true)?;
        let further = self.after("#zoom-out", &closer, session.click("#zoom-out"));
        let further = further.await?;
        zoomed(
            "#zoom-out",
            &closer.view,
            &further.view,
            &rect,
            middle,
            false,
        )?;
        let closer = self.after("#zoom-in", &further, session.click("#zoom-in"));
        let closer = closer.await?;
        let reset = self.after("#reset", &closer, session.click("#reset"));
        let reset = reset.await?;
        ensure!(
            reset.view == self.first,
            "#reset shows {:?} and not {:?}",
            reset.view,
            self.first
        );
        Ok(reset)
    }

    async fn by_fields(&self, seen: Seen) -> Result<Seen> {
        let session = self.page.session;
        let c = |view: &View| (view.c_re, view.c_im);

        let preset = self.another_of("#preset").await?;
        let choose = session.select("#preset", &preset);
        let chosen = self.after("a preset", &seen, choose).await?;
        ensure!(c(&chosen.view) != c(&seen.view), "{preset} has the same c");
        self.fields_say(&chosen.view).await?;

        let type_c = async {
            for (id, value) in [("c-re", "-0.4"), ("c-im", "0.59")] {
                let script = format!(
                    "const field = document.querySelector('#{id}');
                    field.value = '{value}';
                    for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, {{ bubbles: true }}));"
                );
                session.run(&script).await?;
            }
            Ok(())
        };
        let typed = self.after("two numbers", &chosen, type_c).await?;
        // The second number may be a generation of its own.
        let typed = match c(&typed.view) == (-0.4, 0.59) {
            true => typed,
            false => self.page.at_rest(typed.generation as i64).await?,
        };
        ensure!(c(&typed.view) == (-0.4, 0.59), "{:?}", typed.view);

        let palette = self.another_of("#palette").await?;
        let choose = session.select("#palette", &palette);
        let coloured = self.after("a palette", &typed, choose).await?;
        ensure!(coloured.view.palette == palette, "{:?}", coloured.view);

        let iterations = self.another_of("#iterations").await?;
        let choose = session.select("#iterations", &iterations);
        let counted = self.after("iterations", &coloured, choose).await?;
        ensure!(
            counted.view.iterations.to_string() == iterations,
            "{:?}",
            counted.view
        );
        Ok(counted)
    }

    /// A value of a `select` that is not the chosen one.
    async fn another_of(&self, selector: &str) -> Result<String> {
        let script = format!(
            "const {{ value, options }} = document.querySelector('{selector}');
            return [...options].find((option) => option.value && option.value !== value && !option.disabled)?.value;"
        );
        let value = self.page.session.run(&script).await?;
        let value = value.as_str();
        value
            .map(str::to_owned)
            .with_context(|| format!("{selector} has one value only"))
    }

    async fn fields_say(&self, view: &View) -> Result<()> {
        let script =
            "return ['#c-re', '#c-im'].map((id) => document.querySelector(id).valueAsNumber)";
        let fields = self.page.session.run(script).await?;
        let said: (f64, f64) =
            serde_json::from_value(fields).context("the fields of c have no numbers")?;
        let off = (said.0 - view.c_re).abs().max((said.1 - view.c_im).abs());
        ensure!(off < 1e-3, "the fields say {said:?} of {view:?}");
        Ok(())
    }

    async fn by_pad(&self, seen: Seen) -> Result<Seen> {
        let session = self.page.session;
        let rect = self.page.rect("#c-pad").await?;
        let way = [rect.at(0.3, 0.6), rect.at(0.5, 0.5), rect.at(0.6, 0.4)];
        let press = session.drag(&way[..1]);
        let pressed = self.after("a press on the pad", &seen, press).await?;
        let dragged = self.after("a drag on the pad", &pressed, session.drag(&way));
        let dragged = dragged.await?;
        ensure!(
            dragged.view.c_re > pressed.view.c_re && dragged.view.c_im > pressed.view.c_im,
            "right and up on the pad led from {:?} to {:?}",
            pressed.view,
            dragged.view
        );
        self.fields_say(&dragged.view).await?;
        session
            .run("document.querySelector('#c-pad').focus()")
            .await?;
        let key = session.press(&[input::LEFT]);
        let stepped = self.after("an arrow on the pad", &dragged, key).await?;
        ensure!(
            stepped.view.c_re < dragged.view.c_re && stepped.view.c_im == dragged.view.c_im,
            "to the left on the pad led from {:?} to {:?}",
            dragged.view,
            stepped.view
        );
        Ok(stepped)
    }

    /// Twenty inputs, of which none waits for the picture of the one before.
    async fn in_a_burst(&self, seen: Seen) -> Result<Seen> {
        let session = self.page.session;
        let rect = self.page.rect("#view").await?;
        session
            .run("document.querySelector('#view').focus()")
            .await?;
        let keys: Vec<char> = [input::RIGHT, input::UP].repeat(10);
        let pressed = self.after("twenty keys", &seen, session.press(&keys));
        let mut pressed = pressed.await?;
        // The last of them may come after a picture was done.
        while pressed.generation < seen.generation + 20 {
            pressed = self.page.at_rest(pressed.generation as i64).await?;
        }
        // Each key moves by whole pixels.
        let ten = |length: f64| 10.0 * (length / 10.0).round();
        let by = (-ten(rect.width), ten(rect.height));
        moved("twenty keys", &seen.view, &pressed.view, &rect, by)?;

        let turns = [-120, -120, 120, -120].repeat(5);
        let at = rect.at(0.6, 0.4);
        let turning = session.wheel(at, &turns);
        let turned = self.after("twenty turns", &pressed, turning).await?;
        let turned = self.last(turned).await?;
        zoomed("twenty turns", &pressed.view, &turned.view, &rect, at, true)?;

        let from = rect.at(0.5, 0.5);
        let mixed = async {
            for i in 0..5 {
                let to = (from.0 + 9.0 * f64::from(i), from.1 - 20.0);
                session.drag(&[from, to]).await?;
                session.wheel(to, &[120]).await?;
                session.press(&['+', input::LEFT]).await?;
            }
            Ok(())
        };
        let mixed = self.after("twenty of all kinds", &turned, mixed).await?;
        self.last(mixed).await
    }

    /// What is seen when nothing comes any more: a picture that is done, and the same one after the time that it takes to
    /// compare it.
    async fn last(&self, mut seen: Seen) -> Result<Seen> {
        loop {
            let again = self.page.at_rest(-1).await?;
            if again.generation == seen.generation {
                return Ok(again);
            }
            seen = again;
        }
    }

    /// The address shows the same again, in a page of its own.
    async fn keeps(&self, seen: &Seen) -> Result<()> {
        let hash = self.page.session.run("return location.hash").await?;
        let Value::String(hash) = hash else {
            bail!("the address has no fragment");
        };
        let again = self.page.open(&format!("?workers=2{hash}")).await?;
        ensure!(
            again.view == seen.view,
            "{hash} shows {:?} and not {:?}",
            again.view,
            seen.view
        );
        Ok(())
    }
}
