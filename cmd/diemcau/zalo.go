package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/zalo"
	"github.com/diemcau/diemcau/moderation"
)

// zaloFlags connect a Zalo Official Account. Without an application nothing is connected.
type zaloFlags struct {
	App        string `name:"zalo-app" help:"Application ID of the Zalo webhook; without it there is none. Its address is /api/v1/zalo." placeholder:"ID"`
	Secrets    string `name:"zalo-secrets" help:"File with the secret of the Official Account in its first line and, to be able to answer, that of the application in its second." type:"path" placeholder:"FILE"`
	Token      string `name:"zalo-token" help:"File of the refresh token, rewritten at every renewal. Default: DATA/zalo.json; without it nobody is answered." type:"path" placeholder:"FILE"`
	Conference string `name:"zalo-conference" help:"The conference that messages are questions for." placeholder:"ID"`
	Topic      string `name:"zalo-topic" help:"The topic they get. Default: the conference's first." placeholder:"ID"`
	API        string `name:"zalo-api" help:"Address of Zalo's message API." default:"https://openapi.zalo.me" placeholder:"URL"`
	OAuth      string `name:"zalo-oauth" help:"Address of Zalo's token service." default:"https://oauth.zaloapp.com" placeholder:"URL"`
	Public     string `name:"zalo-public-url" help:"Origin of this server in the links that are answered; without it they are left out." placeholder:"URL"`
}

func (z *zaloFlags) check() error {
	switch {
	case z.App == "" && (z.Secrets != "" || z.Conference != ""):
		return usage("--zalo-app is missing: it switches the webhook on")
	case z.App != "" && z.Secrets == "":
		return usage("--zalo-app needs --zalo-secrets")
	case z.App != "" && z.Conference == "":
		return usage("--zalo-app needs --zalo-conference")
	}
	return nil
}

// handler returns the webhook, nil when there is none.
func (z *zaloFlags) handler(data string, keys *secret.Keys, submitter zalo.Submitter, logger *slog.Logger) (*zalo.Handler, error) {
	if z.App == "" {
		return nil, nil //nolint:nilnil // not connected is no fault
	}
	raw, err := os.ReadFile(z.Secrets)
	if err != nil {
		return nil, usage("--zalo-secrets: %v", err)
	}
	account, application, _ := strings.Cut(strings.TrimSpace(string(raw)), "\n")
	cfg := zalo.Config{
		AppID: z.App, OASecret: strings.TrimSpace(account), Secret: keys.Derive("diemcau zalo", 32),
		Submitter: submitter, PublicURL: z.Public, Now: time.Now, Log: logger.With(slog.String("part", "zalo")),
	}
	if application = strings.TrimSpace(application); application != "" {
		file := z.Token
		if file == "" {
			file = filepath.Join(data, "zalo.json")
		}
		tokens, err := zalo.NewTokens(zalo.TokenConfig{AppID: z.App, AppSecret: application, File: file, Base: z.OAuth, Now: time.Now})
		if err != nil {
			return nil, fmt.Errorf("answer on Zalo: %w", err)
		}
		cfg.Sender = zalo.NewClient(z.API, tokens.Token)
	}
	handler, err := zalo.NewHandler(cfg)
	if err != nil {
		return nil, usage("zalo: %v", err)
	}
	return handler, nil
}

// zaloQuestions makes messages questions of one conference.
type zaloQuestions struct {
	live       *live.Node
	limits     *limits.Limits
	conference conference.ID
	topic      conference.TopicID // "": the first
}

// Submit implements zalo.Submitter. What is limited is the account, under its pseudonym.
func (q zaloQuestions) Submit(ctx context.Context, message zalo.Submission) (string, error) {
	asker := limits.Asker{Session: "zalo:" + message.Asker, Conference: q.conference}
	if err := q.limits.Take(ctx, limits.Submission, asker); err != nil {
		return "", err
	}
	running, err := q.live.Conference(q.conference)
	if err != nil {
		return "", err
	}
	topic := q.topic
	if topics := running.Snapshot().Info.Topics; topic == "" && len(topics) > 0 {
		topic = topics[0].ID
	}
	outcome, err := running.Do(ctx, conference.Command{
		ID: access.NewID(), Actor: conference.Actor{Role: conference.RoleCitizen},
		Body: live.SubmitQuestion{
			IdempotencyKey: message.Key, Body: message.Body, Topic: topic, Channel: moderation.ChannelZalo,
		},
	})
	return outcome.Code, err
}
