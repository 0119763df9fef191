//! The controller, and the room it is tried on. Whole numbers only: this Cortex-M has no floating-point unit.

/// Millionths of a degree Celsius; an `i32` reaches to 2147 degrees.
pub(crate) type Microdegrees = i32;

/// Thousandths of the heater's full power.
pub(crate) type Permille = i32;

const FULL: Permille = 1000;

/// A PI controller: how far off, plus how long it has been.
pub(crate) struct Controller {
    target: Microdegrees,
    /// Sum of the errors of all steps that counted.
    sum: i32,
}

impl Controller {
    /// 500 permille for each degree of error.
    const PROPORTIONAL: i32 = 2_000;
    /// The sum gets as much say as the error does after 60 steps (10 minutes).
    const INTEGRAL: i32 = Self::PROPORTIONAL * 60;

    pub(crate) const fn new(target: Microdegrees) -> Self {
        Self { target, sum: 0 }
    }

    /// How much to heat for the next step.
    pub(crate) fn step(&mut self, measured: Microdegrees) -> Permille {
        let error = self.target - measured;
        let sum = self.sum + error;
        let wanted = error / Self::PROPORTIONAL + sum / Self::INTEGRAL;
        // A heater at its limit can not obey, so what it misses must not pile up (anti-windup). This also bounds `sum`.
        if (0..=FULL).contains(&wanted) {
            self.sum = sum;
        }
        wanted.clamp(0, FULL)
    }
}

/// A room that loses heat in proportion to the cold outside and gains it from the heater.
pub(crate) struct Room {
    temperature: Microdegrees,
    outside: Microdegrees,
}

impl Room {
    /// Steps for the loss alone to close about 63 % of the difference: an hour.
    const LOSS: i32 = 360;
    /// What one permille of power adds in one step.
    const GAIN: Microdegrees = 100;

    pub(crate) const fn new(temperature: Microdegrees, outside: Microdegrees) -> Self {
        Self { temperature, outside }
    }

    pub(crate) const fn temperature(&self) -> Microdegrees {
        self.temperature
    }

    pub(crate) const fn set_outside(&mut self, outside: Microdegrees) {
        self.outside = outside;
    }

    /// Ten seconds pass.
    pub(crate) const fn step(&mut self, heat: Permille) {
        let loss = (self.temperature - self.outside) / Self::LOSS;
        self.temperature += heat * Self::GAIN - loss;
    }
}
