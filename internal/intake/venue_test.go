package intake_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/intake"
)

func venues() *conference.Info {
	return &conference.Info{
		ID: "thu", Title: "Thử", StartsAt: time.Date(2027, 3, 1, 1, 0, 0, 0, time.UTC),
		Venues: []conference.Venue{
			{ID: "thanh-pho", Name: "UBND Thành phố", Main: true},
			{ID: "ba-vi", Name: "Huyện Ba Vì", Address: "252 Quảng Oai", Seats: 50, Reserved: 5},
		},
		Topics: []conference.Topic{{ID: "so-do", Name: "Sổ đỏ"}},
	}
}

func TestReadVenues(t *testing.T) {
	t.Parallel()
	const table = "Danh sách điểm cầu;;;\n" +
		"STT;Điểm cầu;Số ghế;Ghế dành riêng;Địa chỉ;Mã\n" +
		"1;Huyện Ba Vì;1.200;10;;\n" +
		"2;Quận Đống Đa;80 ghế;;279 Tôn Đức Thắng;\n" +
		"3;Sơn Tây;;;;son-tay\n" +
		"\n" +
		"4;;20;;;\n" +
		"5;Mê Linh;nhiều;;;\n" +
		"6;Thạch Thất;5;6;;\n" +
		"7;Sóc Sơn;5;;;Mã lạ!\n" +
		"8;quận đống đa;5;;;\n"
	result, err := intake.ReadVenues(strings.NewReader(table), venues())
	if err != nil {
		t.Fatal(err)
	}
	want := []conference.Venue{
		{ID: "ba-vi", Name: "Huyện Ba Vì", Address: "252 Quảng Oai", Seats: 1200, Reserved: 10},
		{Name: "Quận Đống Đa", Address: "279 Tôn Đức Thắng", Seats: 80},
		{ID: "son-tay", Name: "Sơn Tây"},
	}
	if diff := cmp.Diff(want, result.Venues); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var problems []string
	for _, p := range result.Problems {
		problems = append(problems, p.Code)
		if p.Text.Vi == "" || p.Text.En == "" || strings.Contains(p.Text.Vi, "%!") || strings.Contains(p.Text.En, "%!") {
			t.Errorf("row %d is told %+v", p.Row, p.Text)
		}
	}
	if diff := cmp.Diff([]string{"row.no_venue", "row.bad_seats", "row.too_many_reserved", "row.bad_id", "row.venue_twice"}, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if result.Total != 8 || result.Problems[0].Row != 7 {
		t.Errorf("got %d rows, the first problem in row %d", result.Total, result.Problems[0].Row)
	}
}

// TestVenuesThereAndBack: what is written as a workbook is read back.
func TestVenuesThereAndBack(t *testing.T) {
	t.Parallel()
	info := venues()
	info.Venues[1].Name = "=HYPERLINK(\"x\")"
	var file bytes.Buffer
	if err := intake.WriteVenues(&file, info); err != nil {
		t.Fatal(err)
	}
	result, err := intake.ReadVenues(&file, info)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(info.Venues, result.Venues); diff != "" || len(result.Problems) > 0 {
		t.Errorf("(-want +got):\n%s%v", diff, result.Problems)
	}
}

func TestReadVenuesRefuses(t *testing.T) {
	t.Parallel()
	for code, table := range map[string]string{
		"import.empty": "", "import.no_venues": "a,b\n1,2\n", "import.bad_xlsx": "PK\x03\x04 nothing",
		"import.column_twice": "Điểm cầu,Venue,Số ghế\nx,y,1\n", "import.bad_encoding": "Điểm cầu\n\xff\xfe\xfa",
	} {
		if _, err := intake.ReadVenues(strings.NewReader(table), venues()); !errors.Is(err, &conference.Error{Code: code}) {
			t.Errorf("%q: got %v, want %s", table, err, code)
		}
		if text, known := intake.Sentence(code); !known || text.Vi == "" || text.En == "" {
			t.Errorf("%s has no sentence", code)
		}
	}
}

func FuzzR4_ImportVenues(f *testing.F) {
	f.Add([]byte("Điểm cầu;Số ghế\nBa Vì;12\n"))
	f.Add([]byte("Venue,Seats,Reserved,ID\nx,9,1,x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		info := venues()
		result, err := intake.ReadVenues(bytes.NewReader(data), info)
		if err != nil {
			if _, is := errors.AsType[*conference.Error](err); !is {
				t.Fatal(err)
			}
			return
		}
		// What was read can be set up, up to the number of venues.
		for _, v := range result.Venues {
			next := venues()
			for i := range next.Venues {
				if next.Venues[i].ID == v.ID {
					next.Venues[i] = v
				}
			}
			if _, known := next.Venue(v.ID); !known {
				next.Venues = append(next.Venues, v)
			}
			intake.Tidy(next)
			if err := next.Validate(); err != nil {
				t.Fatalf("%+v: %v", v, err)
			}
		}
	})
}

func TestTidy(t *testing.T) {
	t.Parallel()
	info := conference.Info{
		Title: "  Đối thoại \t về  đất đai ",
		Venues: []conference.Venue{
			{Name: "Quận Ba Đình"}, {Name: "Quận  Ba Đi\u0300nh"}, {ID: "cho", Name: "Chợ"}, {Name: "Chợ"}, {Name: "…"},
		},
		Topics: []conference.Topic{{Name: "Cấp “sổ đỏ” lần đầu"}, {Name: strings.Repeat("dài ", 40)}},
	}
	intake.Tidy(&info)
	var ids []string
	for _, v := range info.Venues {
		ids = append(ids, string(v.ID))
	}
	for _, topic := range info.Topics {
		ids = append(ids, string(topic.ID))
	}
	want := []string{"quan-ba-dinh", "quan-ba-dinh-2", "cho", "cho-2", "x", "cap-so-do-lan-dau", "dai-dai-dai-dai-dai-dai-dai-dai-dai-dai-dai-dai"}
	if diff := cmp.Diff(want, ids); diff != "" || info.ID != "doi-thoai-ve-dat-dai" || info.Title != "Đối thoại về đất đai" {
		t.Errorf("%s %q (-want +got):\n%s", info.ID, info.Title, diff)
	}
}
