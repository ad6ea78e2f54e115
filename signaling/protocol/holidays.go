package protocol

// Holidays is the answer of GET /api/v1/holidays: the days that differ from what their weekday
// says. Due dates are counted in working days with it.
type Holidays struct {
	Years []HolidayYear `json:"years"` // earliest first
}

// HolidayYear is the data of one year; of a year that is missing nothing is known.
type HolidayYear struct {
	Year int `json:"year"`
	// Certainty is "official" (announced, or fixed by law) or "provisional".
	Certainty string    `json:"certainty"`
	Free      []Holiday `json:"free"` // holidays and days taken off for them
	Work      []Holiday `json:"work"` // Saturdays and Sundays worked in exchange
}

// Holiday is one such day.
type Holiday struct {
	Date   string `json:"date"` // 2026-09-02
	Name   string `json:"name"`
	NameEn string `json:"nameEn,omitempty"`
	// Provisional marks a day of an official year that is not itself announced.
	Provisional bool `json:"provisional,omitempty"`
}
