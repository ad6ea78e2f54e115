package sfu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// Refusals of the Join, Publish and Watch methods (conference.Error):
// media.bad_sdp, media.no_h264 (KindInvalid; 406 for WHEP), media.no_opus,
// media.full (KindUnavailable), media.already_publishing, media.replaced (KindConflict).

// JoinVenue is Join for a venue page that has had no session and belongs to nobody.
func (p *Plane) JoinVenue(ctx context.Context, venue conference.VenueID, offer string) (*Session, string, error) {
	return p.Join(ctx, Page{Venue: venue}, offer)
}

// JoinStage is Join for such a stage page.
func (p *Plane) JoinStage(ctx context.Context, offer string) (*Session, string, error) {
	return p.Join(ctx, Page{}, offer)
}

// join answers an offer with a new session.
func (p *Plane) join(ctx context.Context, r role, page Page, text string) (s *Session, answer string, err error) {
	if p.broken != nil {
		return nil, "", p.broken
	}
	o, err := readOffer(text)
	if err != nil {
		return nil, "", err
	}
	if err := suits(o, r); err != nil {
		return nil, "", err
	}
	p.planeMu.Lock()
	before, err := p.find(page)
	p.planeMu.Unlock()
	if errors.Is(err, errReplaced) {
		return nil, "", err
	}
	s = newSession(p, r, page, o)
	api, err := p.node.newAPI(o, r, s.line)
	if err != nil {
		return nil, "", err
	}
	if s.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, "", fmt.Errorf("make a connection: %w", err)
	}
	s.listen()
	if answer, err = s.first(ctx, api); err == nil {
		err = p.admit(ctx, s, before)
	}
	if err == nil && !p.node.spawn(s.run) {
		err = conference.Refuse(conference.KindUnavailable, "media.full", "media is ending")
		p.remove(s)
	}
	if err != nil {
		s.Close()
		p.node.door.leave(s)
		_ = s.pc.GracefulClose() // the refusal is what matters
		return nil, "", err
	}
	for _, slot := range s.slots {
		p.node.spawn(func() { slot.feedback(p.now) })
	}
	return s, answer, nil
}

// suits refuses an offer that lacks what its role is for.
func suits(o *offer, r role) error {
	video, audio := webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio
	switch r {
	case roleEncoder:
		if !o.sends(video) {
			return conference.Refuse(conference.KindInvalid, codeNoH264, "no video is sent")
		}
		if !o.sends(audio) {
			return conference.Refuse(conference.KindInvalid, codeNoOpus, "no audio is sent")
		}
	case roleStage:
		if !o.receives(video) && !o.receives(audio) {
			return badSDP("nothing is received")
		}
	case roleVenue:
	}
	return nil
}

// first answers the offer of a new session.
func (s *Session) first(ctx context.Context, api *webrtc.API) (string, error) {
	if err := s.acquire(ctx); err != nil {
		return "", err
	}
	defer s.release()
	answer, err := s.answer(ctx, func() error { return s.attach(api) })
	if err != nil {
		return "", err
	}
	s.renew()
	return answer, nil
}

// answer sets the session's offer and returns the answer with all candidates. Prepare
// runs between the two; it may be nil. A description pion cannot use, and one that makes
// it panic, is media.bad_sdp.
func (s *Session) answer(ctx context.Context, prepare func() error) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.plane.log.WarnContext(ctx, "offer made the stack panic", slog.String("err", fmt.Sprint(r)))
			text, err = "", badSDP("unusable")
		}
	}()
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{
		Type: webrtc.SDPTypeOffer, SDP: s.offer.text,
	}); err != nil {
		return "", badSDP(err.Error())
	}
	if prepare != nil {
		if err := prepare(); err != nil {
			return "", err
		}
	}
	answer, err := s.pc.CreateAnswer(nil)
	if err != nil {
		return "", badSDP(err.Error())
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(answer); err != nil {
		return "", badSDP(err.Error())
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	text = s.pc.LocalDescription().SDP
	s.plane.node.door.expect(s, attribute(text, "ice-ufrag"))
	return s.plane.node.mux.announce(text), nil
}

// attach gives every slot its sender, by MID.
func (s *Session) attach(api *webrtc.API) error {
	for _, t := range s.pc.GetTransceivers() {
		for _, slot := range s.slots {
			if slot.mid != t.Mid() {
				continue
			}
			sender, err := api.NewRTPSender(slot, t.Receiver().Transport())
			if err != nil {
				return fmt.Errorf("make the sender of a slot: %w", err)
			}
			slot.sender = sender
			if err := t.SetSender(sender, slot); err != nil {
				return fmt.Errorf("set the sender of a slot: %w", err)
			}
		}
	}
	return nil
}
