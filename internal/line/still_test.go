package line_test

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/line"
)

func picture(t *testing.T, width, height int, noisy bool) []byte {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, width, height))
	for i := range im.Pix {
		if noisy {
			im.Pix[i] = byte(rand.IntN(256))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBook_stills(t *testing.T) {
	t.Parallel()
	b := line.New()
	small := picture(t, 320, 180, false)
	for name, bad := range map[string][]byte{
		"nothing": nil, "no picture": []byte("GIF89a"), "too wide": picture(t, 1280, 180, false),
		"cut off": small[:20], "too long": picture(t, 640, 360, true),
	} {
		if err := b.PutStill(hue, "phu-loc", bad, start()); !errors.Is(err, &conference.Error{Code: line.CodeBadStill}) {
			t.Errorf("%s: got %v, want line.bad_still", name, err)
		}
	}
	none := &conference.Error{Code: line.CodeNoStill}
	if _, err := b.Still(hue, "phu-loc", start()); !errors.Is(err, none) {
		t.Errorf("got %v, want line.no_still", err)
	}
	if err := b.PutStill(hue, "phu-loc", small, start()); err != nil {
		t.Fatal(err)
	}
	if err := b.PutStill(hue, "phu-loc", small, start().Add(3*time.Second)); !errors.Is(err, &conference.Error{Code: line.CodeTooOften}) {
		t.Errorf("got %v, want line.too_often", err)
	}
	if got, err := b.Still(hue, "phu-loc", start().Add(time.Minute)); err != nil || !bytes.Equal(got, small) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	if _, err := b.Still(hue, "phu-loc", start().Add(3*time.Minute)); !errors.Is(err, none) {
		t.Errorf("got %v of what the hall looked like three minutes ago", err)
	}
	b.Observe(hue, []line.Reading{sends("phu-loc", 1, 0, 0)}, places("phu-loc"), start().Add(5*time.Second))
	if row := only(t, b.Changes(hue, 0)); row.StillAtMs != start().UnixMilli() {
		t.Errorf("got %d", row.StillAtMs)
	}
	b.Observe(hue, nil, places("phu-loc"), start().Add(6*time.Second))
	if _, err := b.Still(hue, "phu-loc", start().Add(6*time.Second)); !errors.Is(err, none) {
		t.Errorf("got %v of a hall that has left", err)
	}
}
