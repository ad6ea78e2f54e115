package access_test

import (
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
)

func TestEdge_tokenOpensNothingElse(t *testing.T) {
	t.Parallel()
	c := newClock()
	gate := newGate(t, c, newMemory(c.Now), "")
	signer := access.NewSigner(newKeys('k'))
	token := signer.SignEdge(access.EdgeGrant{ID: access.NewID(), Name: "hue", Expires: c.Now().Add(time.Hour)})
	grant, err := gate.VerifyEdge(token)
	if err != nil || grant.Name != "hue" {
		t.Fatalf("got %+v and error %v, want the edge hue", grant, err)
	}
	_, err = gate.Verify(t.Context(), token)
	wantCode(t, err, conference.KindUnauthorised, "link.invalid")
	for name, wrong := range map[string]string{
		"a venue's link": gate.Sign(venueGrant(c)), "empty": "", "another installation's": access.NewSigner(newKeys('x')).SignEdge(grant),
		"no id": signer.SignEdge(access.EdgeGrant{Expires: c.Now().Add(time.Hour)}), "cut": token[:len(token)-2],
	} {
		if _, err := gate.VerifyEdge(wrong); err == nil {
			t.Errorf("%s: was taken for an edge's token", name)
		}
	}
	c.advance(time.Hour)
	_, err = gate.VerifyEdge(token)
	wantCode(t, err, conference.KindUnauthorised, "link.expired")
}
