// Command vcsim serves vCenter's simulator until its standard input ends or it gets SIGTERM.
// On standard output it prints one line: a JSON object that says where it listens and whom to trust.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	_ "github.com/vmware/govmomi/lookup/simulator"
	_ "github.com/vmware/govmomi/pbm/simulator"
	_ "github.com/vmware/govmomi/sts/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

// The single sign-on simulator stays out: it takes over the password check and knows its own users only.

const idleOption = "config.vmacore.soap.sessionTimeout"

// announcement is the line that a caller waits for.
type announcement struct {
	URL        string `json:"url"`        // without user and password
	Thumbprint string `json:"thumbprint"` // SHA-1 of the server's certificate, the form of govc's known hosts
	SHA256     string `json:"sha256"`
	CA         string `json:"ca"`     // PEM of the authority that issued it
	Tunnel     int    `json:"tunnel"` // the port that stands for vCenter's port 80, 0 without a tunnel
}

func main() {
	listen := flag.String("l", "127.0.0.1:0", "host:port to listen on; port 0 takes a free one")
	user := flag.String("user", "", "the only user that may log in; without one, any non-empty login passes")
	pass := flag.String("pass", "", "the password of -user")
	esx := flag.Bool("esx", false, "simulate an ESX host rather than vCenter")
	secure := flag.Bool("tls", true, "serve TLS, with a certificate made for this run")
	idle := flag.Duration("idle", 0, "end a session that was idle for this long")
	tunnel := flag.Bool("tunnel", false, "let extensions in through a tunnel, by any certificate")
	flag.Parse()

	model := simulator.VPX()
	if *esx {
		model = simulator.ESX()
	}
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()

	service := model.Service
	service.RegisterEndpoints = true
	service.Listen = &url.URL{Host: *listen}
	if *user != "" {
		service.Listen.User = url.UserPassword(*user, *pass)
	}
	if *idle > 0 {
		setIdle(model, *idle)
	}
	var said announcement
	if *secure {
		id, err := newIdentity()
		if err != nil {
			log.Fatal(err)
		}
		service.TLS = &tls.Config{Certificates: []tls.Certificate{id.certificate}, MinVersion: tls.VersionTLS12}
		said.Thumbprint, said.SHA256, said.CA = id.sha1, id.sha256, id.ca
	}
	server := service.NewServer()
	where := *server.URL
	where.User = nil
	if *tunnel {
		if err := server.StartTunnel(); err != nil {
			log.Fatal(err)
		}
		said.Tunnel = server.Tunnel
	}
	said.URL = where.String()
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		log.Fatal(err)
	}
	untilToldToStop()
}

// setIdle has to run before the server starts: the simulator reads the option at each login.
func setIdle(model *simulator.Model, idle time.Duration) {
	options := model.Service.Context.Map.OptionManager()
	options.UpdateOptions(&types.UpdateOptions{ChangedValue: []types.BaseOptionValue{
		&types.OptionValue{Key: idleOption, Value: idle.String()},
	}})
}

func untilToldToStop() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop <- syscall.SIGTERM
	}()
	<-stop
}
