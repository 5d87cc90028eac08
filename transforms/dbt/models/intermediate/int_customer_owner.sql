with recursive customers as (
    select
        customer_id,
        owner_source,
        owner_user_id,
        status,
        coalesce({{ primary_language('language') }}, 'any') as language
    from {{ ref('int_customer_survivor') }}
),

login_owners as (
    select * from {{ ref('int_login_owner') }}
),

workers as (
    select * from {{ ref('int_support_agent') }}
    where active
),

agents as (
    select * from workers
    where is_support_agent
),

-- an owner once given stays for as long as they are there, support knows them, and nobody with a better claim is
previous_owners as (
    select
        assignments.customer_id,
        assignments.owner_employee_id
    from {{ source('state', 'owner_assignment') }} as assignments
    inner join workers
        on assignments.owner_employee_id = workers.employee_id
),

claimed as (
    select
        customers.customer_id,
        customers.language,
        customers.owner_source,
        login_owners.unavailable_because,
        login_owners.matched_by,
        login_owners.manager_employee_id,
        case
            when customers.owner_user_id is null then 'nobody named'
            when login_owners.available then 'named'
            when previous_owners.owner_employee_id is not null then 'kept'
            when login_owners.manager_employee_id is not null then 'manager'
            when customers.status = 'closed' then 'closed'
            else 'waiting'
        end as claim,
        case
            when login_owners.available then login_owners.employee_id
            else coalesce(previous_owners.owner_employee_id, login_owners.manager_employee_id)
        end as claimed_employee_id
    from customers
    left join login_owners
        on customers.owner_source = login_owners.source
        and customers.owner_user_id = login_owners.user_id
    left join previous_owners
        on customers.customer_id = previous_owners.customer_id
        and customers.owner_user_id is not null
),

-- the rest is shared out among agents who speak the language, in proportion to what each can still take
waiting as (
    select
        customer_id,
        language,
        row_number() over (
            partition by language
            order by customer_id
        ) as turn,
        count(*) over (partition by language) as waiting_customers
    from claimed
    where claim = 'waiting'
),

loads as (
    select
        claimed_employee_id as employee_id,
        count(*) as customers
    from claimed
    where claimed_employee_id is not null
    group by claimed_employee_id
),

spoken as (
    select
        employee_id,
        {{ primary_language(elements('languages')) }} as language
    from agents
    union distinct
    select
        employee_id,
        'any' as language
    from agents
),

demand as (
    select distinct
        language,
        waiting_customers
    from waiting
),

spare_places as (
    select
        agents.employee_id,
        greatest(agents.capacity - coalesce(loads.customers, 0), 0) as places
    from agents
    left join loads
        on agents.employee_id = loads.employee_id
),

-- the language whose speakers have the least room goes first, so that they are not taken up by one that others speak too
queues as (
    select
        demand.language,
        demand.waiting_customers,
        row_number() over (
            order by demand.language = 'any', sum(spare_places.places), demand.language
        ) as number
    from demand
    inner join spoken
        on demand.language = spoken.language
    inner join spare_places
        on spoken.employee_id = spare_places.employee_id
    group by demand.language, demand.waiting_customers
),

-- One language after the other: its turns 1..n are cut into consecutive runs, one per agent who speaks it, in proportion
-- to the places each has left. So nobody stays in the queue while someone who speaks their language has a place.
rounds as (
    select
        cast(0 as bigint) as number,
        cast(null as varchar) as language,
        employee_id,
        cast(places as bigint) as places,
        cast(0 as bigint) as after_turn,
        cast(0 as bigint) as up_to_turn
    from spare_places

    union all

    select
        number,
        language,
        employee_id,
        places - (up_to_turn - after_turn) as places,
        after_turn,
        up_to_turn
    from (
        select
            number,
            language,
            employee_id,
            places,
            cast(floor(least(waiting_customers, places_in_all) * (places_so_far - offered) / places_in_all) as bigint) as after_turn,
            cast(floor(least(waiting_customers, places_in_all) * places_so_far / places_in_all) as bigint) as up_to_turn
        from (
            select
                queues.number,
                queues.language,
                queues.waiting_customers,
                rounds.employee_id,
                rounds.places,
                case when spoken.language is null then 0 else rounds.places end as offered,
                sum(offered) over (
                    order by rounds.employee_id
                    rows between unbounded preceding and current row
                ) as places_so_far,
                greatest(sum(offered) over (), 1) as places_in_all
            from rounds
            inner join queues
                on rounds.number + 1 = queues.number
            left join spoken
                on rounds.employee_id = spoken.employee_id
                and queues.language = spoken.language
        ) as offers
    ) as cuts
),

-- one row per turn, so that millions of customers find theirs by a plain join
turns as (
    select
        employee_id,
        language,
        {{ elements(numbers('after_turn', 'up_to_turn')) }} as turn
    from rounds
),

given_out as (
    select
        waiting.customer_id,
        turns.employee_id
    from waiting
    inner join turns
        on waiting.language = turns.language
        and waiting.turn = turns.turn
),

owned as (
    select
        claimed.*,
        coalesce(claimed.claimed_employee_id, given_out.employee_id) as owner_employee_id
    from claimed
    left join given_out
        on claimed.customer_id = given_out.customer_id
),

-- the words follow from who the owner is, not from when they became it: a run that changes nothing says the same again
final as (
    select
        owned.customer_id,
        owned.owner_employee_id,
        case
            when owned.claim = 'nobody named' then 'queue: no record names an owner'
            when owned.claim = 'named' then 'owner in ' || owned.owner_source || ', known by ' || owned.matched_by
            when owned.claim = 'closed' then 'queue: closed, and ' || owned.unavailable_because
            when owned.owner_employee_id is null
                then 'queue: ' || owned.unavailable_because || ', and no agent with the language has spare capacity'
            when owned.owner_employee_id = owned.manager_employee_id
                then 'nearest active manager: ' || owned.unavailable_because
            when agents.employee_id is not null then 'support agent: ' || owned.unavailable_because
            else 'owner until now: ' || owned.unavailable_because
        end as owner_reason
    from owned
    left join agents
        on owned.owner_employee_id = agents.employee_id
)

select * from final
