<?php
// drive_client.php laravel|plain URL TOKEN METHOD JSON-ARGUMENTS: calls a client of clients/laravel
// and prints what came of it, as JSON. TRIES in the environment: how often it tries.

declare(strict_types=1);

use LensArt\OrderEvents\{EventRefused, GatewayUnavailable, LaravelOrderEvents, PlainOrderEvents};

[, $kind, $url, $token, $method, $arguments] = $argv;
$clients = dirname(__DIR__, 2) . '/clients/laravel';
require "$clients/OrderEvents.php";
if ($kind === 'laravel') {
    // Laravel's own Http facade and client, as Debian has them; an application is only needed to
    // find the factory.
    require '/usr/share/php/GuzzleHttp/autoload.php';
    require '/usr/share/php/Illuminate/Http/autoload.php';
    $factory = Illuminate\Http\Client\Factory::class;
    Illuminate\Support\Facades\Facade::setFacadeApplication(new ArrayObject([$factory => new $factory()]));
    require "$clients/LaravelOrderEvents.php";
    $class = LaravelOrderEvents::class;
} else {
    require "$clients/PlainOrderEvents.php";
    $class = PlainOrderEvents::class;
}
$client = new $class($url, $token === '' ? null : $token, tries: (int) (getenv('TRIES') ?: 4), firstPause: 0.01);
try {
    $result = ['answer' => $client->$method(...json_decode($arguments, true, flags: JSON_THROW_ON_ERROR))];
} catch (EventRefused $refused) {
    $result = ['refused' => $refused->status, 'message' => $refused->getMessage(), 'errors' => $refused->errors];
} catch (GatewayUnavailable $away) {
    $result = ['unavailable' => $away->getMessage(), 'path' => $away->path, 'event' => $away->event];
}
echo json_encode($result, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES), "\n";
