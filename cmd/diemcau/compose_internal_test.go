package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

type composeFile struct {
	Services map[string]composeService `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Volumes map[string]any `yaml:"volumes"`
}

type composeService struct {
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	Networks    []string          `yaml:"networks"`
	User        string            `yaml:"user"`
	ReadOnly    bool              `yaml:"read_only"` //nolint:tagliatelle // the compose format's own name
	CapDrop     []string          `yaml:"cap_drop"`  //nolint:tagliatelle // the compose format's own name
	Privileged  bool              `yaml:"privileged"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	raw, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file composeFile
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCompose_isTheProductionSet(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	if diff := cmp.Diff([]string{"diemcau", "redis"}, slices.Sorted(keysOf(file.Services))); diff != "" {
		t.Fatalf("services (-want +got):\n%s", diff)
	}
	for name, service := range file.Services {
		if !service.ReadOnly || service.Privileged {
			t.Errorf("%s: its root is not read-only, or it is privileged", name)
		}
		if diff := cmp.Diff([]string{"ALL"}, service.CapDrop); diff != "" {
			t.Errorf("%s: capabilities (-want +got):\n%s", name, diff)
		}
		if user, _, _ := strings.Cut(service.User, ":"); user == "" || user == "0" || user == "root" {
			t.Errorf("%s runs as %q", name, service.User)
		}
		if len(service.Healthcheck.Test) == 0 {
			t.Errorf("%s has no health check", name)
		}
		for _, volume := range service.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, named := file.Volumes[source]; !named {
				t.Errorf("%s: %s is not a named volume", name, volume)
			}
		}
	}
}

func TestCompose_diemcau(t *testing.T) {
	t.Parallel()
	service := readCompose(t).Services["diemcau"]
	if diff := cmp.Diff([]string{"80:80/tcp", "443:443/tcp", "7882:7882/udp"}, service.Ports); diff != "" {
		t.Errorf("published ports (-want +got):\n%s", diff)
	}
	if got, want := service.Environment["DIEMCAU_REDIS"], "redis://redis:6379/0"; got != want {
		t.Errorf("got log at %q, want %q", got, want)
	}
	if slices.Contains(service.Command, "--demo") {
		t.Error("the production set plays the demonstration")
	}
	// The command line is one this binary takes, with the environment of the file unset.
	env := map[string]string{"DIEMCAU_TLS_DOMAIN": "", "DIEMCAU_PUBLIC_IP": "", "DIEMCAU_REDIS": service.Environment["DIEMCAU_REDIS"]}
	flags := parseServe(t, service.Command, env)
	if err := flags.check(); err != nil {
		t.Errorf("serve refuses the command of the compose file: %v", err)
	}
	if flags.Redis != service.Environment["DIEMCAU_REDIS"] || flags.TLSListen != ":443" || len(flags.PublicIP) != 0 {
		t.Errorf("got flags %+v", flags)
	}
}

func TestCompose_redisIsDurableAndNotPublished(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	service := file.Services["redis"]
	if len(service.Ports) != 0 {
		t.Errorf("redis is published: %v", service.Ports)
	}
	for _, network := range service.Networks {
		if !file.Networks[network].Internal {
			t.Errorf("redis is in network %s, which is not internal", network)
		}
	}
	settings := map[string]string{}
	for i := 1; i+1 < len(service.Command); i += 2 {
		settings[service.Command[i]] = service.Command[i+1]
	}
	want := map[string]string{"--appendonly": "yes", "--appendfsync": "always", "--maxmemory-policy": "noeviction", "--save": ""}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("redis settings (-want +got):\n%s", diff)
	}
}

func TestDockerfile_isMultiStageAndNotRoot(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	if got := strings.Count(text, "\nFROM "); got != 3 {
		t.Errorf("got %d stages, want 3", got)
	}
	last := text[strings.LastIndex(text, "\nFROM "):]
	for _, want := range []string{"USER 65532:65532", "HEALTHCHECK", `"healthcheck"`, "/diemcau"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last stage lacks %s", want)
		}
	}
}
